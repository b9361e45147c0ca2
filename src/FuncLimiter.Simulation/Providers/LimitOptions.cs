namespace FuncLimiter.Simulation.Providers;

/// <summary>One limit of a deployment, or one shared by all deployments of a key.</summary>
/// <param name="Dimension">What it counts.</param>
/// <param name="Amount">How much a window holds, at least 1; for acceleration the base.</param>
/// <param name="Window">The window's length; unused for concurrency.</param>
/// <param name="Scheme">How it is enforced.</param>
public sealed record LimitOptions(LimitDimension Dimension, long Amount, TimeSpan Window, LimitScheme Scheme)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>For a bucket: what it holds when full, in seconds of refill; null means a whole window.</summary>
    public double? BurstSeconds { get; init; }

    /// <summary>For fixed windows: where a boundary lies, counted from the double's start.</summary>
    public TimeSpan Phase { get; init; }

    /// <summary>For fixed windows of requests: slices (1 or 10 seconds at Azure) that each hold only their part; null means none.</summary>
    public TimeSpan? Slice { get; init; }

    /// <summary>For acceleration: by how much a window may exceed what the last one held.</summary>
    public long Step { get; init; }

    /// <summary>Requests per minute in a bucket.</summary>
    public static LimitOptions Rpm(long amount, double? burstSeconds = null) =>
        new(LimitDimension.Requests, amount, Minute, LimitScheme.Bucket) { BurstSeconds = burstSeconds };

    /// <summary>Tokens per minute in a bucket.</summary>
    public static LimitOptions Tpm(long amount, double? burstSeconds = null) =>
        new(LimitDimension.Tokens, amount, Minute, LimitScheme.Bucket) { BurstSeconds = burstSeconds };

    /// <summary>Uncached input tokens per minute in a bucket.</summary>
    public static LimitOptions Itpm(long amount, double? burstSeconds = null) =>
        new(LimitDimension.InputTokens, amount, Minute, LimitScheme.Bucket) { BurstSeconds = burstSeconds };

    /// <summary>Output tokens per minute in a bucket.</summary>
    public static LimitOptions Otpm(long amount, double? burstSeconds = null) =>
        new(LimitDimension.OutputTokens, amount, Minute, LimitScheme.Bucket) { BurstSeconds = burstSeconds };

    /// <summary>Azure's tokens per minute: a counter that starts anew each minute.</summary>
    public static LimitOptions AzureTpm(long amount, TimeSpan phase = default) =>
        new(LimitDimension.Tokens, amount, Minute, LimitScheme.Fixed) { Phase = phase };

    /// <summary>Azure's requests per minute: a counter that starts anew each minute, and slices of 1 or 10 seconds.</summary>
    public static LimitOptions AzureRpm(long amount, TimeSpan? slice = null, TimeSpan phase = default) =>
        new(LimitDimension.Requests, amount, Minute, LimitScheme.Fixed) { Slice = slice ?? TimeSpan.FromSeconds(1), Phase = phase };

    /// <summary>Calls under way at once.</summary>
    public static LimitOptions Concurrent(long amount) =>
        new(LimitDimension.Concurrent, amount, TimeSpan.Zero, LimitScheme.Concurrency);

    /// <summary>Anthropic's acceleration limit on input tokens.</summary>
    public static LimitOptions Acceleration(long amount, long step, TimeSpan phase = default) =>
        new(LimitDimension.InputTokens, amount, Minute, LimitScheme.Acceleration) { Step = step, Phase = phase };
}

/// <summary>What a provider's limit counts.</summary>
public enum LimitDimension
{
    /// <summary>Calls.</summary>
    Requests,

    /// <summary>Tokens, input and output together.</summary>
    Tokens,

    /// <summary>Uncached input tokens.</summary>
    InputTokens,

    /// <summary>Output tokens.</summary>
    OutputTokens,

    /// <summary>Calls under way at once.</summary>
    Concurrent,
}

/// <summary>How a provider enforces a limit.</summary>
public enum LimitScheme
{
    /// <summary>A bucket that refills continuously (OpenAI, Anthropic).</summary>
    Bucket,

    /// <summary>A counter that starts anew at fixed boundaries (Azure OpenAI).</summary>
    Fixed,

    /// <summary>Any span as long as the window holds at most the limit.</summary>
    Sliding,

    /// <summary>Calls under way at once.</summary>
    Concurrency,

    /// <summary>
    /// Growth is limited: a window may hold what the last one held plus a step, and never less than a base (Anthropic's acceleration
    /// limit, whose refusals name a limit that rises by 10,000 at each minute).
    /// </summary>
    Acceleration,
}
