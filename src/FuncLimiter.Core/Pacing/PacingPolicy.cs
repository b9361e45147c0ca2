namespace FuncLimiter.Core.Pacing;

/// <summary>How a call is paced: how often it is tried, how long it waits, where it goes. The defaults follow what providers document.</summary>
public sealed record PacingPolicy
{
    /// <summary>The usual.</summary>
    public static readonly PacingPolicy Default = new();

    /// <summary>How often a provider is called for one call, at least 1; default 4.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>How many of these may meet an overloaded provider, at least 1; default 3: Google advises two retries at most.</summary>
    public int MaxOverloads { get; init; } = 3;

    /// <summary>The deadline of a call that names none, counted from its submission; default one hour.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often one call may be told to wait, at least 1; default 1,000.</summary>
    public int MaxWaits { get; init; } = 1_000;

    /// <summary>The shortest wait, so that a limiter and a call never spin; default 10 ms.</summary>
    public TimeSpan MinWait { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>After how long to ask again when a wait's end can't be foreseen; default 1 second.</summary>
    public TimeSpan AskAgainAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a call goes on to another deployment when one has no quota left for longer than a wait; default yes.</summary>
    public bool RerouteOnExhaustedQuota { get; init; } = true;

    /// <summary>How a hint is followed.</summary>
    public HintPolicy Hint { get; init; } = new();

    /// <summary>Rate limited without a hint: the windows of those who send none (Bedrock, Cohere, Perplexity) are minutes. Default 1 to 60 s.</summary>
    public BackoffPolicy RateLimited { get; init; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)) { Jitter = BackoffJitter.Decorrelated };

    /// <summary>Overloaded without a hint: never under a second, as Google advises. Default 1 to 60 s.</summary>
    public BackoffPolicy Overloaded { get; init; } =
        new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)) { Floor = TimeSpan.FromSeconds(1) };

    /// <summary>Any other failure that may pass: as the official SDKs do. Default up to 0.5, 1, 2, 4, 8 s.</summary>
    public BackoffPolicy Transient { get; init; } = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(8));
}

/// <summary>How a provider's hint (<c>Retry-After</c> and its kin) is followed: not a moment before it, and not all callers at once.</summary>
public sealed record HintPolicy
{
    /// <summary>
    /// The longest hint that is believed; default a week, as long as a scope can be closed. A call whose deadline lies before a hint's end is
    /// refused anyway, and told it.
    /// </summary>
    public TimeSpan Cap { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How much of the hint chance may add, 0 to 1; default 0.1.</summary>
    public double JitterShare { get; init; } = 0.1;

    /// <summary>The span over which callers are spread at least, however short the hint; default 50 ms.</summary>
    public TimeSpan MinJitter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The span over which callers are spread at most; default 1 second.</summary>
    public TimeSpan MaxJitter { get; init; } = TimeSpan.FromSeconds(1);
}
