using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>A slice of a budget, lent to one instance: the answer to one ask, and void for any other.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Answers">The ask that it answers.</param>
/// <param name="Number">Its own number, by which the next ask names it.</param>
/// <param name="Continues">The lease that it goes on from; 0 where what the instance had is void.</param>
/// <param name="IssuedAt">When it was given.</param>
/// <param name="NotBefore">Nothing may be used earlier: the scope is closed until then. All times are the book's.</param>
/// <param name="ExpiresAt">From here on it is void, and so is all that was not used.</param>
/// <param name="AskAgainAt">When to ask again.</param>
/// <param name="Lines">One line per limit of the budget, in its order.</param>
/// <param name="Shares">How much of each demand the division had in mind, in the order of the ask.</param>
public sealed record Lease(
    string Instance,
    long Answers,
    long Number,
    long Continues,
    Instant IssuedAt,
    Instant NotBefore,
    Instant ExpiresAt,
    Instant AskAgainAt,
    IReadOnlyList<LeaseLine> Lines,
    IReadOnlyList<LeaseShare> Shares)
{
    /// <summary>The share in use of each limit, all instances together, 0 to 1.</summary>
    public IReadOnlyList<double> Use { get; init; } = [];

    /// <summary>How the provider charges each limit of tokens, as far as the owner has learned.</summary>
    public IReadOnlyList<ChargeState> Charging { get; init; } = [];

    /// <summary>How soon after the ask another may follow where something presses; null where the policy alone says.</summary>
    public TimeSpan? Pause { get; init; }
}

/// <summary>What is lent of one limit.</summary>
/// <param name="Grant">Units added to what the instance has.</param>
/// <param name="Rate">
/// Units that come back at the instance per second from now on; 0 for windows, whose units don't come back there.
/// </param>
/// <param name="Capacity">
/// The most that the instance may have at once from now on; what it has beyond that it gives back with its next ask.
/// </param>
public sealed record LeaseLine(double Grant, double Rate, double Capacity);

/// <summary>The part of a demand that can be served, as a guide for the instance's own order of calls.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Priority">The class.</param>
/// <param name="Part">0 to 1, on the limit that binds it.</param>
public sealed record LeaseShare(string Tenant, Priority Priority, double Part);
