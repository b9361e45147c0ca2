namespace FuncLimiter.Core.Pacing;

/// <summary>What an account's batch service may be used for, and within which bounds.</summary>
public sealed record BatchTerms
{
    /// <summary>How far a call's deadline must be for it to be collected; default 6 hours.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long before its deadline a call is taken back, to be made as others are; default 1 hour, below <see cref="LeastTime"/>.</summary>
    public TimeSpan Reserve { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long calls are collected before a batch is made of them; default 5 minutes.</summary>
    public TimeSpan CollectFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Fewer calls than this are not worth a batch; default 10.</summary>
    public int FewestCalls { get; init; } = 10;

    /// <summary>How many calls a batch may hold.</summary>
    public int MostCalls { get; init; } = 50_000;

    /// <summary>How many bytes of bodies a batch may hold.</summary>
    public long MostBytes { get; init; } = 200_000_000;

    /// <summary>How many tokens may be in the account's batches at once, by their estimates; null for no such limit.</summary>
    public long? MostQueuedTokens { get; init; }

    /// <summary>How often a batch is looked at; default each minute.</summary>
    public TimeSpan PollEvery { get; init; } = TimeSpan.FromMinutes(1);
}
