namespace FuncLimiter.Functions.Activities;

/// <summary>A job's outcome for a queue.</summary>
/// <param name="Id">The message's id: the same for a repeated one.</param>
/// <param name="CorrelationId">What the asker goes by.</param>
/// <param name="Body">The job as JSON text in UTF-8.</param>
internal sealed record Reply(string Id, string CorrelationId, ReadOnlyMemory<byte> Body);

/// <summary>Queues that wait for outcomes.</summary>
internal interface IReplyQueues
{
    /// <summary>Sends an outcome; done means that the queue has it.</summary>
    Task SendAsync(string queue, Reply reply, CancellationToken cancellationToken);
}
