namespace FuncLimiter.Simulation.Fleets;

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

    /// <summary>How many calls make a run; default 4, each one a step of it.</summary>
    public int StepsPerRun { get; init; } = 4;
}
