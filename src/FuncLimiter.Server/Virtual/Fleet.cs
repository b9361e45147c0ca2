using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Server.Virtual;

/// <summary>What a simulation lets happen: who calls, how fast providers answer, and what goes wrong.</summary>
internal sealed record Fleet
{
    public const double MostHours = 7 * 24;

    /// <summary>Who calls.</summary>
    public required IReadOnlyList<WorkGroup> Groups { get; init; }

    /// <summary>How long it lasts.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The time of the day (UTC) at which it begins.</summary>
    public TimeSpan StartsAt { get; init; }

    /// <summary>How long answers take where nothing else is said.</summary>
    public Latency Latency { get; init; } = new(0.5, 10);

    /// <summary>How long answers of single deployments take.</summary>
    public IReadOnlyDictionary<string, Latency> LatencyOf { get; init; } = new Dictionary<string, Latency>();

    /// <summary>What goes wrong, and when.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>Who else uses the same keys.</summary>
    public IReadOnlyList<Outsider> Outsiders { get; init; } = [];
}

/// <summary>How long answers take.</summary>
/// <param name="BaseSeconds">Until the first token, in seconds.</param>
/// <param name="PerOutputTokenMs">For each output token, in milliseconds.</param>
internal readonly record struct Latency(double BaseSeconds, double PerOutputTokenMs)
{
    public TimeSpan Of(long outputTokens) => TimeSpan.FromSeconds(BaseSeconds + (outputTokens * PerOutputTokenMs / 1000));
}

/// <summary>Somebody who uses a key without asking the limiter.</summary>
/// <param name="Deployment">Which deployment, as <c>account/model</c>.</param>
/// <param name="RequestsPerMinute">Calls.</param>
/// <param name="TokensPerMinute">Tokens, counted as input.</param>
/// <param name="After">When it begins.</param>
/// <param name="Until">When it ends.</param>
internal sealed record Outsider(string Deployment, double RequestsPerMinute, double TokensPerMinute, TimeSpan After, TimeSpan Until);
