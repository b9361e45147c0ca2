using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Routing;

/// <summary>One credential at one provider, as the limiter sees it.</summary>
/// <param name="Id">Unique, for example <c>openai-east</c>.</param>
/// <param name="Limits">Limits shared by its deployments.</param>
public sealed record AccountSpec(string Id, IReadOnlyList<Limit> Limits);

/// <summary>One model on one account.</summary>
/// <param name="Id">Unique, for example <c>openai-east/gpt-x</c>.</param>
/// <param name="Account">Its account's id.</param>
/// <param name="Limits">Its own limits.</param>
public sealed record DeploymentSpec(string Id, string Account, IReadOnlyList<Limit> Limits)
{
    /// <summary>Ids of the shared limits that its calls count against too.</summary>
    public IReadOnlyList<string> SharedLimits { get; init; } = [];
}

/// <summary>Limits that a provider enforces over several accounts at once: of an organization, a project, or a region's quota.</summary>
/// <param name="Id">Unique, for example <c>openai-org</c>.</param>
/// <param name="Limits">The limits.</param>
public sealed record SharedLimitSpec(string Id, IReadOnlyList<Limit> Limits);

/// <summary>What an agent asks for, and the deployments that may serve it: in all at most 64.</summary>
/// <param name="Name">The name asked for.</param>
/// <param name="Targets">Ids of deployments among which the one with the most headroom is taken.</param>
/// <param name="Fallback">Ids of deployments taken in order where no target has room.</param>
public sealed record RouteSpec(string Name, IReadOnlyList<string> Targets, IReadOnlyList<string> Fallback)
{
    /// <summary>Ids of smaller models' deployments, to which simple work may be diverted.</summary>
    public IReadOnlyList<string> Smaller { get; init; } = [];
}
