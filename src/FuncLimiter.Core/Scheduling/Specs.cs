using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

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

/// <summary>Budgets of which a provider may count several together: of one model at several accounts, or of several accounts of one provider.</summary>
/// <param name="Id">Unique, for example <c>openai/gpt-x</c>.</param>
/// <param name="Budgets">Their names, all of deployments or all of accounts.</param>
public sealed record KinSpec(string Id, IReadOnlyList<string> Budgets);

/// <summary>What an agent asks for, and the deployments that may serve it: in all at most 64.</summary>
/// <param name="Name">The name asked for.</param>
/// <param name="Targets">Ids of deployments among which the one with the most headroom is taken.</param>
/// <param name="Fallback">Ids of deployments taken in order where no target has room.</param>
public sealed record RouteSpec(string Name, IReadOnlyList<string> Targets, IReadOnlyList<string> Fallback)
{
    /// <summary>Ids of smaller models' deployments, to which simple work may be diverted.</summary>
    public IReadOnlyList<string> Smaller { get; init; } = [];
}

/// <summary>When a route counts as under pressure, so that what may be diverted is.</summary>
public sealed record PressurePolicy
{
    /// <summary>The share of the target with the most headroom that is in use from which on it begins, 0 to 1; default 0.9.</summary>
    public double BeginsAt { get; init; } = 0.9;

    /// <summary>Below this share it may end, 0 to <see cref="BeginsAt"/>; default 0.8.</summary>
    public double EndsBelow { get; init; } = 0.8;

    /// <summary>How long the share must stay below before it ends; default 10 seconds.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Why a call went where it went.</summary>
public enum RouteChoice
{
    /// <summary>Of the targets with room the one with the most headroom; the usual.</summary>
    Headroom,

    /// <summary>The target that has the beginning of the prompt in its cache.</summary>
    Affinity,

    /// <summary>No target had room, the first fallback that did.</summary>
    Fallback,

    /// <summary>A smaller model, for work that may go there.</summary>
    Diverted,
}

/// <summary>Whether a call may be served by the smaller models that its route names for simple work.</summary>
public enum Diversion
{
    /// <summary>It may not; its host closes those places to it.</summary>
    Never,

    /// <summary>While the route's targets are under pressure, and where nothing else has room.</summary>
    UnderPressure,

    /// <summary>Before anything else: simple work belongs there.</summary>
    Always,
}

/// <summary>Bounds and floors of the queue.</summary>
public sealed record QueuePolicy
{
    /// <summary>The longest wait by priority: interactive, standard, background.</summary>
    public IReadOnlyList<TimeSpan> MaxWait { get; init; } = [TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(120), TimeSpan.FromHours(1)];

    /// <summary>The share of service that a class keeps while higher ones wait, by priority; 0 to 1, the first is not used.</summary>
    public IReadOnlyList<double> Floor { get; init; } = [0, 0.1, 0.05];

    /// <summary>How many calls may wait at once.</summary>
    public int MaxWaiting { get; init; } = 100_000;

    /// <summary>How many users of one tenant are remembered; past that, those with nothing taken are forgotten first.</summary>
    public int MaxUsers { get; init; } = 100_000;
}
