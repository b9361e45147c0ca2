using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance should have of one limit once all others have no more than theirs.</summary>
/// <param name="Share">Of a bucket units per second, of a window units.</param>
/// <param name="Capacity">The most to have at once.</param>
/// <param name="ByTurns">
/// Whether that would be too little for a single call: then it gets whole calls' worth, in turns with others like it.
/// </param>
/// <param name="Weight">What it should have by turns for each unit of others' weights: its share of the whole, of which nothing is used.</param>
internal readonly record struct LeaseTarget(double Share, double Capacity, bool ByTurns, double Weight);

/// <summary>Sets the targets of all instances on one limit, and the parts of one instance's demands that they foresee.</summary>
internal sealed class LeaseTargets
{
    /// <summary>Of an equal part of the whole: an instance at which no call waits at this moment will have as much again once one does.</summary>
    private const double LeastPart = 0.5;

    private readonly Dictionary<Tenure, LeaseTarget> _targets = [];
    private readonly Dictionary<Tenure, double[]> _parts = [];

    private LeaseTargets()
    {
    }

    internal LeaseTarget this[Tenure tenure] => _targets[tenure];

    /// <summary>The part of the whole that an instance can count on, above 0, at most 1, however much of it is used at this moment.</summary>
    internal double PartOf(Tenure tenure)
    {
        var (own, all) = (_targets[tenure].Weight, _targets.Values.Sum(static target => target.Weight));
        return Math.Max(all > 0 ? own / all : 0, (_targets.Count == 1 ? 1 : LeastPart) / _targets.Count);
    }

    /// <summary>The part of each of an instance's demands that this limit lets through, 0 to 1.</summary>
    internal double[] PartsOf(Tenure tenure) => _parts[tenure];

    /// <summary>
    /// Divides the limit by demand. What nobody wants goes in equal parts to all instances, for calls that come before their next ask; one more
    /// such part stays with the book, for an instance that comes next.
    /// </summary>
    internal static LeaseTargets Of(int line, LeaseAccount account, IReadOnlyList<Tenure> tenures, LeasePolicy policy)
    {
        var horizon = account.Flows || account.Dimension == Dimension.Concurrent ? 1 : policy.Duration.TotalSeconds;
        var claims = new List<Claim>();
        for (var i = 0; i < tenures.Count; i++)
        {
            foreach (var demand in tenures[i].Demands)
            {
                claims.Add(new(i, demand.Tenant, demand.Weight, demand.Priority, demand.PerSecond[account.Dimension] * horizon));
            }
        }

        var pool = account.Pool;
        var given = Division.Divide(pool, claims, policy.Floor);
        var spare = Math.Max(0, pool - given.Sum()) / (tenures.Count + 1);
        var shares = Enumerable.Repeat(spare, tenures.Count).ToArray();
        var targets = new LeaseTargets();
        for (var i = 0; i < claims.Count; i++)
        {
            shares[claims[i].Instance] += given[i];
        }

        foreach (var own in Enumerable.Range(0, claims.Count).GroupBy(claim => claims[claim].Instance))
        {
            targets._parts[tenures[own.Key]] = [.. own.Select(claim => claims[claim].Wants > 0 ? given[claim] / claims[claim].Wants : 1)];
        }

        foreach (var idle in tenures.Where(tenure => tenure.Demands.Count == 0))
        {
            targets._parts[idle] = [];
        }

        var needs = tenures.Select(tenure => tenure.Lines[line].Need).ToArray();
        var weights = account.Flows ? shares : new double[tenures.Count];
        if (!account.Flows)
        {
            var whole = Division.Divide(account.Capacity, claims, policy.Floor);
            for (var i = 0; i < claims.Count; i++)
            {
                weights[claims[i].Instance] += whole[i];
            }
        }

        var capacities = account.Flows ? Capacities(account.Capacity, pool, shares, needs, policy.BookShare) : shares;
        for (var i = 0; i < tenures.Count; i++)
        {
            targets._targets[tenures[i]] = new(shares[i], capacities[i], ByTurns: capacities[i] < needs[i], weights[i]);
        }

        return targets;
    }

    /// <summary>
    /// Splits a bucket's capacity by shares of its rate, less what the book keeps. Where that is too little for a call the instance gets
    /// no part of its own, and the book keeps enough for the largest of such calls; so others' parts shrink, and more may be too small.
    /// </summary>
    private static double[] Capacities(double capacity, double rate, double[] shares, double[] needs, double bookShare)
    {
        var usable = capacity * (1 - bookShare);
        var split = shares.Select(share => usable * share / rate).ToArray();
        var isSmall = new bool[split.Length];
        while (true)
        {
            var (found, largest, smallShares, otherShares) = (false, 0.0, 0.0, 0.0);
            for (var i = 0; i < split.Length; i++)
            {
                found |= !isSmall[i] && split[i] < needs[i];
                isSmall[i] |= split[i] < needs[i];
                largest = Math.Max(largest, isSmall[i] ? needs[i] : 0);
                smallShares += isSmall[i] ? shares[i] : 0;
                otherShares += isSmall[i] ? 0 : shares[i];
            }

            if (!found)
            {
                return split;
            }

            var kept = Math.Min(capacity, Math.Max(largest, usable * smallShares / rate + capacity * bookShare));
            for (var i = 0; i < split.Length; i++)
            {
                split[i] = isSmall[i] || otherShares <= 0 ? 0 : Math.Min(split[i], (capacity - kept) * shares[i] / otherShares);
            }
        }
    }
}

/// <summary>One tenant's wish at one instance, on one limit.</summary>
/// <param name="Instance">The instance's place in the caller's list.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight; above 0.</param>
/// <param name="Priority">The class.</param>
/// <param name="Wants">Units; at least 0.</param>
internal readonly record struct Claim(int Instance, string Tenant, double Weight, Priority Priority, double Wants);

/// <summary>
/// Divides a limit by weighted max-min share. Classes come in order, each but the first keeping its floor as far as it wants it. Within a
/// class every tenant gets what it wants or the same amount by weight as all who want more. A tenant's share is split over its instances
/// in proportion to what it wants there.
/// </summary>
/// <remarks>
/// Worked: 100 units, floors of 10 % for standard and 5 % for background. Interactive: acme (weight 3) wants 60 at one instance, beta
/// (weight 1) wants 25 at each of two. Background: acme wants 40. Background keeps its 5, standard wants nothing, so interactive divides
/// 95: by weight acme could have 71.25 and takes 60; beta gets the other 35 of its 50, 17.5 at each instance. Background gets 5.
/// </remarks>
internal static class Division
{
    /// <summary>What each claim gets; never more than it wants, and together never more than there is.</summary>
    internal static double[] Divide(double amount, IReadOnlyList<Claim> claims, IReadOnlyList<double> floors)
    {
        var shares = new double[claims.Count];
        var byClass = Enumerable.Range(0, claims.Count).ToLookup(claim => claims[claim].Priority);
        var left = Math.Max(0, amount);
        var kept = Enum.GetValues<Priority>()
            .ToDictionary(
                priority => priority,
                priority => Math.Min(Floor(floors, priority) * left, byClass[priority].Sum(claim => claims[claim].Wants)));
        foreach (var priority in Enum.GetValues<Priority>())
        {
            kept[priority] = 0;
            left -= DivideClass(Math.Max(0, left - kept.Values.Sum()), claims, [.. byClass[priority]], shares);
        }

        return shares;
    }

    /// <summary>Divides one class among its tenants, the one that wants least by weight first.</summary>
    private static double DivideClass(double amount, IReadOnlyList<Claim> claims, int[] members, double[] shares)
    {
        var tenants = members
            .GroupBy(claim => claims[claim].Tenant, StringComparer.Ordinal)
            .Select(own => (Own: own, Wants: own.Sum(claim => claims[claim].Wants), Weight: own.Max(claim => claims[claim].Weight)))
            .OrderBy(tenant => tenant.Wants / tenant.Weight)
            .ToArray();
        var (left, weights) = (amount, tenants.Sum(tenant => tenant.Weight));
        foreach (var (own, wants, weight) in tenants)
        {
            var share = Math.Min(wants, left * Math.Min(1, weight / weights));
            left -= share;
            weights -= weight;
            foreach (var claim in own)
            {
                shares[claim] = wants > 0 ? share * (claims[claim].Wants / wants) : 0;
            }
        }

        return amount - left;
    }

    private static double Floor(IReadOnlyList<double> floors, Priority priority) =>
        priority != Priority.Interactive && (int)priority < floors.Count ? floors[(int)priority] : 0;
}
