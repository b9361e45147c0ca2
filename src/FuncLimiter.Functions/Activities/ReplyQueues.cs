using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using FuncLimiter.Functions.Hosting;

namespace FuncLimiter.Functions.Activities;

/// <summary>A job's outcome for a queue.</summary>
/// <param name="Id">The message's id: the same for a repeated one.</param>
/// <param name="CorrelationId">What the asker goes by.</param>
/// <param name="Body">The job as JSON text in UTF-8.</param>
internal sealed record QueuedReply(string Id, string CorrelationId, ReadOnlyMemory<byte> Body);

/// <summary>Queues that wait for outcomes.</summary>
internal interface IReplyQueues
{
    /// <summary>Sends an outcome; done means that the queue has it.</summary>
    Task SendAsync(string queue, QueuedReply reply, CancellationToken cancellationToken);
}

/// <summary>Sends outcomes to Service Bus queues.</summary>
internal sealed class ServiceBusReplies(StorageSettings settings) : IReplyQueues, IAsyncDisposable
{
    private readonly Lazy<ServiceBusClient> _client = new(() => settings.ConnectionString is { } text
        ? new ServiceBusClient(text)
        : new ServiceBusClient(
            settings.Setting("fullyQualifiedNamespace") ?? throw new InvalidOperationException("No Service Bus is configured."), settings.Credential()));

    private readonly ConcurrentDictionary<string, ServiceBusSender> _senders = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public Task SendAsync(string queue, QueuedReply reply, CancellationToken cancellationToken)
    {
        var sender = _senders.GetOrAdd(queue, static (name, client) => client.CreateSender(name), _client.Value);
        var message = new ServiceBusMessage(BinaryData.FromBytes(reply.Body))
        {
            MessageId = reply.Id,
            CorrelationId = reply.CorrelationId,
            ContentType = "application/json",
        };
        return sender.SendMessageAsync(message, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client.IsValueCreated)
        {
            await _client.Value.DisposeAsync();
        }
    }
}
