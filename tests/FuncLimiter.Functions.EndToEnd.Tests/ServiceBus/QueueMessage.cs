using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace FuncLimiter.Functions.EndToEnd.Tests.ServiceBus;

/// <summary>A message as it was sent, and what has become of it in its queue.</summary>
internal sealed class QueueMessage
{
    private const string ScheduledTime = "x-opt-scheduled-enqueue-time";

    private readonly KeyValuePair<MapKey, object>[] _application;
    private readonly Properties _properties;

    public QueueMessage(AmqpMessage sent, long sequence, DateTime now)
    {
        _properties = sent.Properties;
        _application = [.. sent.ApplicationProperties?.Map ?? Enumerable.Empty<KeyValuePair<MapKey, object>>()];
        Body = [.. sent.DataBody.SelectMany(Bytes)];
        Sequence = sequence;
        var scheduled = sent.MessageAnnotations.Map.TryGetValue<DateTime>(ScheduledTime, out var time) ? time : now;
        Enqueued = scheduled > now ? scheduled : now;
        TimeToLive = sent.Header.Ttl is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
    }

    public byte[] Body { get; }

    public string? Id => _properties.MessageId?.ToString();

    public string? CorrelationId => _properties.CorrelationId?.ToString();

    public long Sequence { get; }

    /// <summary>When it is to be seen first.</summary>
    public DateTime Enqueued { get; }

    /// <summary>How long it is to be kept, where the sender said so.</summary>
    public TimeSpan? TimeToLive { get; }

    /// <summary>How often it was delivered.</summary>
    public int Deliveries { get; set; }

    public Guid Lock { get; set; }

    public DateTime LockedUntil { get; set; }

    public (string? Reason, string? Description) DeadLetter { get; set; }

    /// <summary>The message for a receiver: made anew, because one that was read from bytes is sent as those bytes, whatever is set on it.</summary>
    public AmqpMessage ForDelivery()
    {
        var message = AmqpMessage.Create(new Data { Value = new ArraySegment<byte>(Body) });
        message.Header.DeliveryCount = (uint)(Deliveries - 1);
        message.Properties.MessageId = _properties.MessageId;
        message.Properties.CorrelationId = _properties.CorrelationId;
        message.Properties.ReplyTo = _properties.ReplyTo;
        message.Properties.ContentType = _properties.ContentType;
        message.Properties.Subject = _properties.Subject;
        message.Properties.GroupId = _properties.GroupId;
        message.MessageAnnotations.Map["x-opt-sequence-number"] = Sequence;
        message.MessageAnnotations.Map["x-opt-enqueued-time"] = Enqueued;
        message.MessageAnnotations.Map["x-opt-locked-until"] = LockedUntil;
        message.ApplicationProperties = new ApplicationProperties();
        foreach (var (key, value) in _application)
        {
            message.ApplicationProperties.Map[key] = value;
        }

        if (DeadLetter.Reason is { } reason)
        {
            message.ApplicationProperties.Map["DeadLetterReason"] = reason;
        }

        if (DeadLetter.Description is { } description)
        {
            message.ApplicationProperties.Map["DeadLetterErrorDescription"] = description;
        }

        return message;
    }

    /// <summary>The bytes of a data section.</summary>
    public static byte[] Bytes(Data part) => part.Value is ArraySegment<byte> segment ? segment.ToArray() : (byte[])part.Value;
}
