namespace FuncLimiter.Simulation.Providers;

/// <summary>How long answers are, in tokens.</summary>
public sealed record OutputOptions
{
    /// <summary>The length where the request sets no bound and nothing is drawn; default 64.</summary>
    public int Default { get; init; } = 64;

    /// <summary>
    /// The shortest and the longest answer; each prompt draws one length between them by the double's seed, cut off at the request's own
    /// bound. Null, the default, gives every request as many tokens as it allows.
    /// </summary>
    public (int Shortest, int Longest)? Draw { get; init; }

    /// <summary>How many tokens one chunk of a stream carries; default 4.</summary>
    public int TokensPerChunk { get; init; } = 4;
}
