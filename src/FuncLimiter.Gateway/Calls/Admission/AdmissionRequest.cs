using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>What a call needs to be admitted.</summary>
/// <param name="Route">The name asked for; one of the configuration's routes.</param>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="User">The user's name, or null.</param>
/// <param name="Priority">The class.</param>
/// <param name="Consumer">The charge foreseen for the tenant and the user.</param>
/// <param name="Provider">The charge foreseen at each of the route's deployments, see <see cref="Configuration.RouteConfiguration.Places"/>.</param>
internal sealed record AdmissionRequest(
    string Route, string Tenant, string? User, Priority Priority, Charge Consumer, IReadOnlyList<Charge> Provider)
{
    /// <summary>What is certain of <see cref="Consumer"/>, whatever the call comes to; null where it is no estimate.</summary>
    public Charge? ConsumerAtLeast { get; init; }

    /// <summary>The most that <see cref="Consumer"/> can come to, which spending budgets hold; null where that is <see cref="Consumer"/> itself.</summary>
    public Charge? ConsumerAtMost { get; init; }

    /// <summary>Whether the caller says that it is its run's closing call.</summary>
    public bool IsClosing { get; init; }

    /// <summary>What is certain of <see cref="Provider"/>; null where those are no estimates.</summary>
    public IReadOnlyList<Charge>? ProviderAtLeast { get; init; }

    /// <summary>What the call's tokens are made of at each of the route's deployments; null charges it as its provider documents.</summary>
    public IReadOnlyList<CallSize>? Sizes { get; init; }

    /// <summary>The longest wait that the caller will bear; null leaves the priority's own bound.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>Deployments, as places in the route, that this call may not use (any more); bit i closes place i.</summary>
    public ulong Excluded { get; init; }

    /// <summary>Whether it may be served by smaller models; where not, their places are among the excluded.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>Hashes of the prompt's beginnings, the shortest first; none where it is too short to be cached by a provider.</summary>
    public IReadOnlyList<long> Prefixes { get; init; } = [];

    /// <summary>What tells this caller from others of its tenant when it comes back after a refusal, the same each time; 0 where nobody knows.</summary>
    public long Caller { get; init; }

    /// <summary>Whether <see cref="Caller"/> is this call's alone, as an idempotency key is; else others may have the same.</summary>
    public bool IsIdentified { get; init; }

    /// <summary>Whether the caller says that it was refused before; null where it doesn't say.</summary>
    public bool? IsBack { get; init; }

    /// <summary>How many calls like it go before it that were not asked for yet; counts where it is foreseen only.</summary>
    public int Ahead { get; init; }

    /// <summary>The workflow that it belongs to, or null.</summary>
    public string? Workflow { get; init; }

    /// <summary>The step of that workflow, or null.</summary>
    public string? Step { get; init; }

    /// <summary>The run that it belongs to, or null.</summary>
    public string? Run { get; init; }

    /// <summary>When a reservation that nobody settles counts as spent; null for calls that the gateway makes itself.</summary>
    public TimeSpan? ExpiresAfter { get; init; }
}

/// <summary>How admission ended: a deployment to call now, or a refusal.</summary>
internal sealed record AdmissionResult
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

    /// <summary>What its caller is told of spending budgets; null where none are configured.</summary>
    public SpendNotice? Spending { get; init; }
}
