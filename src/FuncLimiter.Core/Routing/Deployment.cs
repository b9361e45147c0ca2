using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Routing;

/// <summary>A deployment with its budget and its account's.</summary>
internal sealed class Deployment(string id, Budget account, Budget own)
{
    private const double LeastSecondsPerRequest = 1e-6;
    private readonly ScopeHealth health = new();
    private readonly ScopeHealth accountHealth = new();

    public string Id { get; } = id;

    public Budget Account { get; } = account;

    public Budget Own { get; } = own;

    /// <summary>The pool whose calls compete for it; set once, when the limiter is made.</summary>
    public Pool Pool { get; set; } = null!;

    /// <summary>The pass of its pool in which a call ahead laid claim to what it has.</summary>
    public long ClaimedInPass { get; set; }

    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        var own = Own.FitsAt(charge, certain, now);
        return own == Instant.Never
            ? own
            : Instant.Max(Instant.Max(own, Account.FitsAt(charge, certain, now)), Instant.Max(health.OpensAt(now), accountHealth.OpensAt(now)));
    }

    /// <summary>The same, with the part of either budget left free that background work leaves to others.</summary>
    public Instant FitsBesideOthersAt(in Charge charge, in Charge certain, Instant now)
    {
        var own = Own.FitsBesideOthersAt(charge, certain, now);
        return own == Instant.Never ? own : Instant.Max(own, Account.FitsBesideOthersAt(charge, certain, now));
    }

    /// <summary>What both budgets hold of an estimate, see <see cref="Budget.Clip"/>.</summary>
    public Charge Clip(in Charge charge, in Charge certain) => Account.Clip(Own.Clip(charge, certain), certain);

    public void Take(in Charge charge, Instant now)
    {
        health.Take();
        accountHealth.Take();
        Own.Take(charge, now);
        Account.Take(charge, now);
    }

    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        Own.Settle(held, final, takenAt, now);
        Account.Settle(held, final, takenAt, now);
    }

    /// <summary>
    /// What a charge costs, in seconds of refill. Where nothing refills and only the calls under way are limited, next to nothing, but the
    /// same for every request: tenants must take turns there too.
    /// </summary>
    public double Cost(in Charge charge) => Math.Max(charge.Requests * LeastSecondsPerRequest, Math.Max(Own.Cost(charge), Account.Cost(charge)));

    /// <summary>What can be taken at once, in seconds of its refill.</summary>
    public double Free(Instant now) => Math.Min(Own.Free(now), Account.Free(now));

    /// <summary>The part of its capacity that this process can count on, above 0, at most 1.</summary>
    public double Share => Math.Min(Own.Share, Account.Share);

    public double Utilization(Instant now) => Math.Max(Own.Utilization(now), Account.Utilization(now));

    /// <summary>Learns from a response: each reading goes to the scope that has such a limit, a failure to the scope that it concerns.</summary>
    public void Observe(Observation observation, Reservation reservation, Instant now)
    {
        var isSuccess = observation.Kind == OutcomeKind.Success;
        var isAccounts = observation.WholeAccount || observation.Dimension is { } named && !Has(Own, named) && Has(Account, named);
        Own.Observe(isAccounts && !isSuccess ? observation.ReadingsOnly() : observation, reservation.DeploymentMark, reservation.TakenAt, now);

        var accounts = isAccounts || isSuccess ? observation : observation.ReadingsOnly();
        if (accounts.Readings.Count > 0)
        {
            accounts = accounts with { Readings = [.. accounts.Readings.Where(reading => !Has(Own, reading.Dimension))] };
        }

        Account.Observe(accounts, reservation.AccountMark, reservation.TakenAt, now);
        var rest = (isAccounts ? accountHealth : health).Rest(observation, reservation.TakenAt, now);
        if (rest > TimeSpan.Zero)
        {
            (isAccounts ? Account : Own).CoolDown(now + rest, now);
        }
    }

    /// <summary>Until when either scope is closed, or not lent.</summary>
    public Instant ClosedUntil(Instant now) => Instant.Max(Own.OpensAt(now), Account.OpensAt(now));

    private static bool Has(Budget budget, Dimension dimension)
    {
        foreach (var meter in budget.Meters)
        {
            if (meter.Dimension == dimension)
            {
                return true;
            }
        }

        return false;
    }
}
