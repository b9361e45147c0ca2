using Azure.Messaging.ServiceBus;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.ServiceBus;

/// <summary>The official client finds in the namespace what it finds in Service Bus.</summary>
public sealed class ServiceBusNamespaceTests : IAsyncDisposable
{
    private const string Queue = "queue";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly ServiceBusNamespace _namespace = new(new Dictionary<string, QueueOptions>
    {
        [Queue] = new() { LockFor = TimeSpan.FromSeconds(5), MaxDeliveries = 2, DuplicatesFor = TimeSpan.FromMinutes(5), BuriesExpired = true },
    });

    private readonly ServiceBusClient _client;
    private readonly ServiceBusSender _sender;
    private readonly ServiceBusReceiver _receiver;
    private readonly ServiceBusReceiver _deadLetters;

    public ServiceBusNamespaceTests()
    {
        _client = new ServiceBusClient(_namespace.ConnectionString);
        _sender = _client.CreateSender(Queue);
        _receiver = _client.CreateReceiver(Queue);
        _deadLetters = _client.CreateReceiver(Queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _namespace.Dispose();
    }

    [Fact]
    public async Task Message_ArrivesAsItWasSent_AndIsGoneWhenCompleted()
    {
        var sent = new ServiceBusMessage("body") { MessageId = "m", CorrelationId = "c", ReplyTo = "r", ContentType = "t", SessionId = "s" };
        sent.ApplicationProperties["x-api-key"] = "key";
        await _sender.SendMessageAsync(sent);

        var message = await _receiver.ReceiveMessageAsync(Longest);
        await _receiver.RenewMessageLockAsync(message);
        await _receiver.CompleteMessageAsync(message);

        Assert.Equal(("body", "m", "c", "r", "t", "s"), (message.Body.ToString(), message.MessageId, message.CorrelationId, message.ReplyTo, message.ContentType, message.SessionId));
        Assert.Equal(("key", 1), (message.ApplicationProperties["x-api-key"], message.DeliveryCount));
        Assert.InRange(message.LockedUntil - DateTimeOffset.UtcNow, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(0, _namespace.Count(Queue));
    }

    [Fact]
    public async Task Batch_ArrivesInItsOrder_WithoutTheDuplicatesInIt()
    {
        await _sender.SendMessagesAsync([Message("1"), Message("2"), Message("1"), Message("3")]);

        var messages = new List<ServiceBusReceivedMessage>();
        while (messages.Count < 3)
        {
            messages.AddRange(await _receiver.ReceiveMessagesAsync(3 - messages.Count, Longest));
        }

        Assert.Equal(["1", "2", "3"], messages.Select(message => message.MessageId));
        Assert.Equal(3, _namespace.Count(Queue));
    }

    [Fact]
    public async Task Abandoned_IsDeliveredAgain_AsOftenAsTheQueueAllows()
    {
        await _sender.SendMessageAsync(Message("m"));

        await _receiver.AbandonMessageAsync(await _receiver.ReceiveMessageAsync(Longest));
        var again = await _receiver.ReceiveMessageAsync(Longest);
        await _receiver.AbandonMessageAsync(again);
        var letter = await _deadLetters.ReceiveMessageAsync(Longest);

        Assert.Equal(2, again.DeliveryCount);
        Assert.Equal(("m", "MaxDeliveryCountExceeded"), (letter.MessageId, letter.DeadLetterReason));
    }

    [Fact]
    public async Task DeadLetter_KeepsItsReason()
    {
        await _sender.SendMessageAsync(Message("m"));

        await _receiver.DeadLetterMessageAsync(await _receiver.ReceiveMessageAsync(Longest), "reason", "description");
        var letter = await _deadLetters.ReceiveMessageAsync(Longest);

        Assert.Equal(("m", "reason", "description"), (letter.MessageId, letter.DeadLetterReason, letter.DeadLetterErrorDescription));
    }

    [Fact]
    public async Task LockThatRanOut_IsLost_AndTheMessageDeliveredAgain()
    {
        await _sender.SendMessageAsync(Message("m"));
        var late = await _receiver.ReceiveMessageAsync(Longest);
        var again = await _receiver.ReceiveMessageAsync(Longest);

        var lost = await Assert.ThrowsAsync<ServiceBusException>(() => _receiver.CompleteMessageAsync(late));

        Assert.Equal(ServiceBusFailureReason.MessageLockLost, lost.Reason);
        Assert.Equal(2, again.DeliveryCount);
    }

    [Fact]
    public async Task Scheduled_IsDeliveredAtItsTime()
    {
        var time = DateTimeOffset.UtcNow.AddSeconds(3);
        await _sender.SendMessageAsync(new ServiceBusMessage("later") { MessageId = "later", ScheduledEnqueueTime = time });
        await _sender.SendMessageAsync(Message("now"));

        var first = await _receiver.ReceiveMessageAsync(Longest);
        var second = await _receiver.ReceiveMessageAsync(Longest);

        Assert.Equal(("now", "later"), (first.MessageId, second.MessageId));
        Assert.True(DateTimeOffset.UtcNow >= time.AddMilliseconds(-50));
    }

    [Fact]
    public async Task MessageThatOutlivesItsTime_IsADeadLetter()
    {
        await _sender.SendMessageAsync(new ServiceBusMessage("body") { MessageId = "m", TimeToLive = TimeSpan.FromSeconds(1) });

        var letter = await _deadLetters.ReceiveMessageAsync(Longest);

        Assert.Equal(("m", "TTLExpiredException"), (letter.MessageId, letter.DeadLetterReason));
    }

    [Fact]
    public async Task Processor_RenewsLocks_AndTakesManyAtOnce()
    {
        await using var processor = _client.CreateProcessor(Queue, new ServiceBusProcessorOptions { MaxConcurrentCalls = 8, PrefetchCount = 32 });
        processor.ProcessMessageAsync += delivery => delivery.Message.MessageId == "slow" ? Task.Delay(TimeSpan.FromSeconds(8)) : Task.CompletedTask;
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await _sender.SendMessagesAsync(Enumerable.Range(0, 100).Select(n => Message($"{n}")).Append(Message("slow")));

        await processor.StartProcessingAsync();
        await Wait.UntilAsync(() => _namespace.Count(Queue) == 0);

        Assert.Equal(0, _namespace.Count($"{Queue}/$DeadLetterQueue"));
    }

    private static ServiceBusMessage Message(string id) => new("body") { MessageId = id };
}
