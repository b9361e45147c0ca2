namespace FuncLimiter.Core.Budgets;

/// <summary>An amount of one dimension per window, with the algorithm by which it is enforced.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="Amount">How much a window holds; at least 1.</param>
/// <param name="Window">The window's length; <see cref="TimeSpan.Zero"/> for <see cref="LimitAlgorithm.Concurrency"/>.</param>
/// <param name="Algorithm">How it is enforced.</param>
public sealed record Limit(Dimension Dimension, long Amount, TimeSpan Window, LimitAlgorithm Algorithm)
{
    /// <summary>For a bucket: how much it holds when full, as seconds of refill; null means a whole window.</summary>
    public double? BurstSeconds { get; init; }

    /// <summary>For a calendar day: the zone of its midnight; null means UTC.</summary>
    public TimeZoneInfo? TimeZone { get; init; }

    /// <summary>
    /// True where no person wrote the amount: <see cref="Amount"/> is only what holds until the provider tells its own, which may be more.
    /// </summary>
    public bool IsOpen { get; init; }

    /// <summary>The most that a provider's word can raise it to, in units per window: what a person wrote is never exceeded.</summary>
    public long Ceiling => IsOpen ? Unbounded : Amount;

    /// <summary>An amount that stands for no limit: more than any provider sells, and small enough for exact arithmetic.</summary>
    public const long Unbounded = 1_000_000_000_000;

    /// <summary>True where the window is a part of a minute.</summary>
    public bool IsSlice => Window > TimeSpan.Zero && Window < TimeSpan.FromMinutes(1);

    /// <summary>A slice's part of a minute's amount, rounded up; at least 1. Null where there is none to take part of.</summary>
    /// <param name="minute">The amount of a minute.</param>
    public long? PartOf(long? minute) => minute is { } amount
        ? Math.Max(1, (long)Math.Ceiling(amount * Window.TotalSeconds / 60))
        : null;

    /// <summary>Units that come back per second.</summary>
    public double PerSecond => Window > TimeSpan.Zero ? Amount / Window.TotalSeconds : double.PositiveInfinity;

    /// <summary>The most that can be taken at once.</summary>
    public double Capacity => Algorithm == LimitAlgorithm.Bucket && BurstSeconds is { } seconds
        ? Math.Min(Amount, Math.Max(1, seconds * PerSecond))
        : Amount;
}

/// <summary>What a limit counts.</summary>
public enum Dimension
{
    /// <summary>Calls.</summary>
    Requests,

    /// <summary>Tokens as the provider adds them up, input and output together.</summary>
    Tokens,

    /// <summary>Input tokens that the provider counts (cached ones often are free).</summary>
    InputTokens,

    /// <summary>Output tokens.</summary>
    OutputTokens,

    /// <summary>Calls under way at once.</summary>
    Concurrent,

    /// <summary>Money, in billionths of a US dollar.</summary>
    Cost,
}

/// <summary>How a provider enforces a limit.</summary>
public enum LimitAlgorithm
{
    /// <summary>A bucket that refills continuously (OpenAI, Anthropic, Groq).</summary>
    Bucket,

    /// <summary>Any span as long as the window holds at most the limit; also the safe reading of a fixed window of unknown phase.</summary>
    Sliding,

    /// <summary>A counter that starts anew at fixed boundaries (Azure OpenAI); the phase is learned from headers.</summary>
    Fixed,

    /// <summary>A counter that starts anew at local midnight (Gemini: Pacific time).</summary>
    CalendarDay,

    /// <summary>Calls under way at once; no window.</summary>
    Concurrency,
}

/// <summary>What one response's headers said of one limit. Null where they were silent or made no sense.</summary>
/// <param name="Dimension">What the limit counts.</param>
/// <param name="Window">The limit's window, where the provider's naming tells it (minute, day).</param>
/// <param name="Limit">The limit in force, in units of the dimension per window.</param>
/// <param name="Remaining">What was left when the provider stamped the response.</param>
/// <param name="ResetIn">Until when the limit is whole again (a bucket full, a fixed window over), counted from the response.</param>
public readonly record struct LimitReading(Dimension Dimension, TimeSpan? Window, long? Limit, long? Remaining, TimeSpan? ResetIn)
{
    /// <summary>Providers round what remains (Anthropic to thousands): differences below this say nothing.</summary>
    internal double Rounding => this is { Remaining: > 0 and { } remaining, Limit: >= 10_000 } && remaining % 1000 == 0 ? 1000 : 1;

    /// <summary>True where this was said of such a limit. Without a window it speaks of the minute and longer, never of a slice of a minute.</summary>
    /// <param name="limit">A limit of the scope that was reported on.</param>
    public bool Concerns(Limit limit) =>
        Dimension == limit.Dimension && (Window is { } window ? window == limit.Window : !limit.IsSlice);
}
