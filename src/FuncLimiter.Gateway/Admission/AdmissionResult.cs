using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Routing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Admission;

/// <summary>How admission ended: a deployment to call now, or a refusal.</summary>
public sealed record AdmissionResult
{
    /// <summary>What was held, to be settled exactly once; null where the call was refused.</summary>
    public Reservation? Reservation { get; init; }

    /// <summary>The place in the route's list of deployments, see <see cref="Configuration.RouteConfiguration.Places"/>; -1 where refused.</summary>
    public int Place { get; init; } = -1;

    /// <summary>Why it goes there.</summary>
    public RouteChoice Choice { get; init; }

    /// <summary>How long the call waited.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Why not, where refused.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>The tightest of the call's budgets after this decision; where it was refused, the one that refused it.</summary>
    public BudgetReport? Tightest { get; init; }
}
