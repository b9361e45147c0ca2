namespace FuncLimiter.Gateway.Jobs;

/// <summary>A queue that waits for a job's outcome.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="CorrelationId">What the outcome must carry, so that its receiver knows what it asked.</param>
public sealed record JobReply(string Queue, string CorrelationId);
