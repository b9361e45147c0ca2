namespace FuncLimiter.Gateway.Configuration;

/// <summary>How an account's batch service is used: it takes background calls of jobs that have time. Bounds left out are the provider's own.</summary>
public sealed record BatchConfiguration
{
    /// <summary>How far a call's deadline must be for it to go there; default 6 hours.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long before its deadline a call comes back, to be made as others are; below <see cref="LeastTime"/>; default 1 hour.</summary>
    public TimeSpan Reserve { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long calls are collected; default 5 minutes.</summary>
    public TimeSpan CollectFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a batch is looked at; default each minute.</summary>
    public TimeSpan PollEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Fewer calls than this are no batch; default 10.</summary>
    public int MinCalls { get; init; } = 10;

    /// <summary>How many calls a batch may hold; null for as many as the provider takes.</summary>
    public int? MaxCalls { get; init; }

    /// <summary>How many bytes a batch may hold; default 64 MiB, or what the provider takes where that is less.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many tokens may be in the account's batches at once; null for no such limit.</summary>
    public long? MaxQueuedTokens { get; init; }
}
