namespace FuncLimiter.Gateway.Jobs;

/// <summary>A job to be stored.</summary>
/// <param name="Id">Its id, not to be guessed.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Items">Its calls with the deadline of each.</param>
internal sealed record NewJob(string Id, string Tenant, DateTimeOffset AcceptedAt, IReadOnlyList<(JobCall Call, DateTimeOffset Deadline)> Items)
{
    /// <summary>Whether its outcome is a list.</summary>
    public bool IsList { get; init; }

    /// <summary>Where its outcome is sent, or null.</summary>
    public string? Webhook { get; init; }

    /// <summary>The queue that its outcome is sent to, or null.</summary>
    public JobReply? Reply { get; init; }

    /// <summary>The tenant's share against others; above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The caller's key under which repeats are one job, or null.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What makes two requests the same: SHA-256 of what was asked.</summary>
    public ReadOnlyMemory<byte> Fingerprint { get; init; }
}

/// <summary>What is to become a job.</summary>
/// <param name="Calls">Its calls, at least one.</param>
internal sealed record JobRequest(IReadOnlyList<JobCall> Calls)
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

/// <summary>A queue that waits for a job's outcome.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="CorrelationId">What the outcome must carry, so that its receiver knows what it asked.</param>
internal sealed record JobReply(string Queue, string CorrelationId);

/// <summary>What became of a job that was to be stored.</summary>
internal enum JobAdditionKind
{
    /// <summary>It is stored, and will be run.</summary>
    Added,

    /// <summary>The same was stored before, under the same key.</summary>
    Known,

    /// <summary>Something else was stored before under the same key.</summary>
    Different,

    /// <summary>As many calls wait as may be stored.</summary>
    Full,
}

/// <summary>What became of a job that was to be stored.</summary>
/// <param name="Kind">What.</param>
/// <param name="Id">The id of the stored job; null where none was.</param>
internal readonly record struct JobAddition(JobAdditionKind Kind, string? Id);
