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
}

/// <summary>One tenant of a fleet.</summary>
/// <param name="Id">Its name in reports.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="ApiKey">What its agents authenticate with.</param>
/// <param name="Groups">Its agents.</param>
public sealed record FleetTenant(string Id, double Weight, string ApiKey, IReadOnlyList<AgentGroup> Groups);

/// <summary>Agents of one tenant that behave alike. Ranges are drawn from uniformly, both ends included.</summary>
/// <param name="Priority">Their calls' priority.</param>
/// <param name="Agents">How many; each has one call under way at a time.</param>
/// <param name="Model">The model or route that they ask for.</param>
public sealed record AgentGroup(FleetPriority Priority, int Agents, string Model)
{
    /// <summary>Characters of a prompt; default 100 to 400.</summary>
    public (int Least, int Most) InputCharacters { get; init; } = (100, 400);

    /// <summary>
    /// Characters of a system prompt that all agents of the group share; 0, the default, for none. In Anthropic's dialect it is marked to be
    /// cached.
    /// </summary>
    public int SharedCharacters { get; init; }

    /// <summary>The bound on output tokens; default 50 to 150.</summary>
    public (int Least, int Most) MaxTokens { get; init; } = (50, 150);

    /// <summary>The mean pause between an answer and the next call, half of it more or less; default one second.</summary>
    public TimeSpan ThinkTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether they ask for streams.</summary>
    public bool Stream { get; init; }

    /// <summary>The workflow that their calls name; default "fleet".</summary>
    public string Workflow { get; init; } = "fleet";

    /// <summary>How many calls make a run; default 4, each one a step of it.</summary>
    public int StepsPerRun { get; init; } = 4;
}

/// <summary>How agents take refusals: as the official SDKs do (openai-node, src/client.ts).</summary>
public sealed record RetryOptions
{
    /// <summary>How often a call is tried again; default 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The first pause where no hint came; each further one is twice as long; default half a second.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest pause without a hint; default 8 seconds.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>The longest hint that is followed; a longer one is passed over; default one minute.</summary>
    public TimeSpan LongestHint { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause before a retry.</summary>
    /// <param name="retry">Which one, from 0.</param>
    /// <param name="hint">What the response asked for, or null.</param>
    /// <param name="chance">0 to 1, takes up to a quarter off a pause without a hint.</param>
    public TimeSpan PauseBefore(int retry, TimeSpan? hint, double chance)
    {
        if (hint is { } asked && asked >= TimeSpan.Zero && asked <= LongestHint)
        {
            return asked;
        }

        var pause = FirstPause * Math.Pow(2, Math.Min(retry, 30));
        return (pause < LongestPause ? pause : LongestPause) * (1 - (0.25 * chance));
    }
}

/// <summary>How urgent an agent's calls are; sent as <c>X-Priority</c> in lower case.</summary>
public enum FleetPriority
{
    /// <summary>A person is waiting.</summary>
    Interactive,

    /// <summary>The usual.</summary>
    Standard,

    /// <summary>May wait long.</summary>
    Background,
}
