namespace FuncLimiter.Gateway.Jobs;

/// <summary>What is to become a job.</summary>
/// <param name="Calls">Its calls, at least one.</param>
public sealed record JobRequest(IReadOnlyList<JobCall> Calls)
{
    /// <summary>True where a list was given, be it of one call: the answer then is a list too.</summary>
    public bool IsList { get; init; }

    /// <summary>Where to send the outcome; null for nowhere.</summary>
    public string? Webhook { get; init; }

    /// <summary>The queue that the outcome is sent to; null for none. Only hosts with queues take it.</summary>
    public JobReply? Reply { get; init; }

    /// <summary>The caller's key under which repeats are one job; null for none.</summary>
    public string? IdempotencyKey { get; init; }
}
