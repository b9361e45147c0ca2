using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>A fleet of agents and what it calls.</summary>
public sealed record FleetOptions
{
    /// <summary>The base URL, without the API's own path: the only thing that an agent changes to go through the limiter.</summary>
    public required Uri BaseAddress { get; init; }

    /// <summary>Who calls.</summary>
    public required IReadOnlyList<FleetTenant> Tenants { get; init; }

    /// <summary>What they speak: <see cref="ProviderDialect.OpenAI"/>, the default, or <see cref="ProviderDialect.Anthropic"/>.</summary>
    public ProviderDialect Dialect { get; init; } = ProviderDialect.OpenAI;

    /// <summary>For how long they call; then calls under way are given up, or waited for.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether the answers to calls under way are waited for at the end; default no.</summary>
    public bool FinishesCalls { get; init; }

    /// <summary>
    /// How much of the beginning is left out of the comparison of tenants: while a provider's first burst lasts, nobody waits, and who
    /// comes first is served first; default none.
    /// </summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>Seeds sizes, pauses and jitter.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How they take refusals.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>A key that all agents use instead of their tenants', to call a provider without a limiter between; null for none.</summary>
    public string? KeyForAll { get; init; }

    /// <summary>How often progress is told; default four times a second.</summary>
    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many agents there are.</summary>
    public int Agents => Tenants.Sum(tenant => tenant.Groups.Sum(group => group.Agents));

    /// <summary>Calls per second that the fleet would make if each were answered after <paramref name="latency"/>.</summary>
    public double OfferedCallsPerSecond(TimeSpan latency) => Tenants.SelectMany(tenant => tenant.Groups)
        .Sum(group => CallsPerSecond(group, latency));

    /// <summary>Tokens per second that those calls may ask for as output, the charge of a provider that counts max_tokens.</summary>
    public double OfferedMaxTokensPerSecond(TimeSpan latency) => Tenants.SelectMany(tenant => tenant.Groups)
        .Sum(group => CallsPerSecond(group, latency) * (group.MaxTokens.Least + group.MaxTokens.Most) / 2.0);

    private static double CallsPerSecond(AgentGroup group, TimeSpan latency) =>
        group.Agents / Math.Max(1e-3, (group.ThinkTime + latency).TotalSeconds);
}
