using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>
/// Accounts, deployments, lanes and pools, made from a specification. Only a limit that is found to be shared changes them afterwards.
/// </summary>
internal sealed class Topology
{
    private readonly FrozenDictionary<string, Lane> lanes;
    private const int MostOfKin = 8;
    private const int MostOfKinByAnyPart = 4;
    private readonly Dictionary<string, BudgetedDeployment> deployments = new(StringComparer.Ordinal);
    private readonly List<Budget> budgets;
    private readonly List<SuspectedLimit> suspects = [];

    public Topology(LimiterSpec spec, Func<Call, Instant, bool> admit)
    {
        var accounts = spec.Accounts.ToDictionary(
            account => account.Id, account => new Budget($"account:{account.Id}", account.Limits, Caution.Unheard()), StringComparer.Ordinal);
        var shared = spec.SharedLimits.ToDictionary(
            limits => limits.Id, limits => new Budget($"shared:{limits.Id}", limits.Limits, Caution.Unheard()), StringComparer.Ordinal);
        foreach (var deployment in spec.Deployments)
        {
            var own = new Budget($"deployment:{deployment.Id}", deployment.Limits, Caution.Unheard());
            deployments.Add(deployment.Id, new(deployment.Id, accounts[deployment.Account], own, [.. deployment.SharedLimits.Select(id => shared[id])]));
        }

        lanes = spec.Routes
            .Select(route => new Lane(
                route, [.. route.Targets.Concat(route.Fallback).Concat(route.Smaller).Select(id => deployments[id])], spec.Pressure))
            .ToFrozenDictionary(lane => lane.Route, StringComparer.Ordinal);

        budgets = [.. shared.Values, .. accounts.Values, .. deployments.Values.Select(deployment => deployment.Scopes[0])];
        Join(spec.Queue.Floor, admit);
        foreach (var kin in spec.Kin)
        {
            Suspect(kin, isLeased: spec.Leases is not null);
        }
    }

    /// <summary>The providers' budgets: shared ones, then accounts, then deployments, then those found to be shared.</summary>
    public IReadOnlyList<Budget> Budgets => budgets;

    /// <summary>The limits that may be shared though no person wrote so, and those of them that were found to be.</summary>
    public IReadOnlyList<SuspectedLimit> Suspects => suspects;

    public IReadOnlyCollection<BudgetedDeployment> Deployments => deployments.Values;

    public IReadOnlyList<Lane> Lanes => lanes.Values;

    public IReadOnlyList<Pool> Pools { get; private set; } = [];

    public Lane? Find(string route) => lanes.GetValueOrDefault(route);

    /// <summary>The same, as is found here or a person says: owners of the budgets are told.</summary>
    public void Decide(SuspectedLimit suspect, FoundLimit? found, Instant now)
    {
        var leases = suspect.Budgets.Select(member => member.Lease).OfType<LeasedBudget>().ToArray();
        var at = leases.Aggregate(now, (latest, lease) => lease.Sharing is { } word ? Instant.Max(latest, word.At + TimeSpan.FromTicks(1)) : latest);
        var charging = suspect.Charging;
        Set(suspect, found, now);
        foreach (var lease in leases)
        {
            lease.Tell(new(suspect.Members, at, found?.Answers ?? 0, found is not null) { Charging = found is null ? [] : charging });
        }
    }

    /// <summary>Takes up what owners know of shared limits, and tells what one of them knows to the others.</summary>
    public void FollowOwners(Instant now)
    {
        foreach (var suspect in suspects)
        {
            var leases = suspect.Budgets.Select(member => member.Lease!).ToArray();
            if (!leases.Any(lease => lease.IsAlone is null))
            {
                suspect.Watch(leases.All(lease => lease.IsAlone is true), now);
            }

            if (leases.Select(lease => lease.Sharing).OfType<SharingWord>().MaxBy(said => said.At) is not { } word)
            {
                continue;
            }

            var isMeant = word.Budgets.SequenceEqual(suspect.Members);
            if ((isMeant && word.IsShared) != suspect.IsFound)
            {
                Set(suspect, suspect.IsFound ? null : new(suspect.Members, word.At, word.Answers), now);
            }

            if (isMeant && suspect.IsFound && suspect.ChargingBeyond(word.Charging) is { } charging)
            {
                word = word with { At = word.At + TimeSpan.FromTicks(1), Charging = charging };
            }

            Array.ForEach(isMeant ? leases : [], lease => lease.Tell(word));
        }
    }

    /// <summary>A limit is known to be shared from here on, or not to be.</summary>
    public void Set(SuspectedLimit suspect, FoundLimit? found, Instant now)
    {
        if (!budgets.Contains(suspect.Budget))
        {
            budgets.Add(suspect.Budget);
        }

        // While the limit was not known to be shared, each budget took the others' use for the provider's doing, and learned wrongly.
        foreach (var member in found is null ? [] : suspect.Budgets)
        {
            member.Forget(now);
        }

        foreach (var other in found is null ? [] : suspects.Where(other => other != suspect && other.Budgets.Intersect(suspect.Budgets).Any()))
        {
            other.Set(null);
        }

        suspect.Set(found);
    }

    /// <summary>Of the suspicions that one is a part of, and that as much speaks for, the one with the most budgets.</summary>
    public SuspectedLimit Widest(SuspectedLimit suspect) => suspects
        .Where(other => other == suspect || (other.IsPlausible && !suspect.Budgets.Except(other.Budgets).Any()))
        .MaxBy(other => other.Budgets.Count)!;

    // Every subset of a few budgets is watched; of more, each pair and all of them. Budgets without limits, or with unlike ones, can't share one.
    private void Suspect(KinSpec kin, bool isLeased)
    {
        var known = kin.Budgets.Select(name => budgets.FirstOrDefault(budget => budget.Name == name)).OfType<Budget>().Where(IsBounded).ToArray();
        foreach (var alike in known.GroupBy(budget => string.Join(' ', budget.Meters.Select(Shape))).Select(same => same.ToArray()))
        {
            if (alike.Length is < 2 or > MostOfKin)
            {
                continue;
            }

            var turns = new ProbeTurns();
            for (var part = 3; part < 1 << alike.Length; part++)
            {
                var size = System.Numerics.BitOperations.PopCount((uint)part);
                if (size >= 2 && (alike.Length <= MostOfKinByAnyPart || size == 2 || size == alike.Length))
                {
                    Suspect([.. alike.Where((_, i) => (part >> i & 1) != 0)], turns, isLeased);
                }
            }
        }
    }

    private void Suspect(Budget[] members, ProbeTurns turns, bool isLeased)
    {
        var sharers = deployments.Values
            .Select(deployment => (Deployment: deployment, Member: Array.FindIndex(members, member => deployment.Scopes[0] == member || deployment.Account == member)))
            .Where(sharer => sharer.Member >= 0)
            .ToArray();
        var isWritten = sharers.Select(sharer => sharer.Deployment.Scopes[2..].ToArray().Where(IsBounded)).Aggregate(Enumerable.Intersect).Any();
        if (isWritten || sharers.DistinctBy(sharer => sharer.Deployment.Pool).Count() > 1)
        {
            return;
        }

        var suspect = new SuspectedLimit($"{FoundLimit.Prefix}{string.Join('+', members.Select(member => member.Name[(member.Name.IndexOf(':', StringComparison.Ordinal) + 1)..]))}", members, turns, isLeased);
        suspects.Add(suspect);
        foreach (var (deployment, member) in sharers)
        {
            deployment.Suspect(suspect, member, members[member]);
        }
    }

    private static bool IsBounded(Budget budget) => budget.Meters.Any(meter => meter.Limit.Algorithm != LimitAlgorithm.Concurrency);

    private static string Shape(Meter meter) => $"{meter.Dimension}/{meter.Limit.Window}/{meter.Limit.Algorithm}/{meter.Limit.BurstSeconds}/{meter.Limit.TimeZone?.Id}";

    // Deployments that share a budget or a route compete for the same calls: one pool for each connected part.
    private void Join(IReadOnlyList<double> floors, Func<Call, Instant, bool> admit)
    {
        var parent = deployments.Values.ToDictionary(deployment => deployment);
        BudgetedDeployment Root(BudgetedDeployment deployment) =>
            parent[deployment] == deployment ? deployment : parent[deployment] = Root(parent[deployment]);

        var first = new Dictionary<Budget, BudgetedDeployment>();
        foreach (var deployment in deployments.Values)
        {
            foreach (var scope in deployment.Scopes)
            {
                if (!first.TryAdd(scope, deployment))
                {
                    parent[Root(deployment)] = Root(first[scope]);
                }
            }
        }

        foreach (var lane in lanes.Values)
        {
            foreach (var place in lane.Places)
            {
                parent[Root(place)] = Root(lane.Places[0]);
            }
        }

        var pools = new Dictionary<BudgetedDeployment, Pool>();
        foreach (var deployment in deployments.Values)
        {
            var root = Root(deployment);
            if (!pools.TryGetValue(root, out var pool))
            {
                pools.Add(root, pool = new(pools.Count, floors, admit));
            }

            deployment.Pool = pool;
        }

        foreach (var lane in lanes.Values)
        {
            lane.Pool = lane.Places[0].Pool;
            lane.Pool.Lanes.Add(lane);
        }

        foreach (var lane in lanes.Values)
        {
            lane.Rivals = [.. lane.Pool.Lanes.Where(other => other == lane || other.Places.Any(place => Array.Exists(lane.Places, place.IsRival)))];
        }

        Pools = [.. pools.Values];
    }
}

/// <summary>Of the suspicions of the same keys one at a time holds keys back.</summary>
internal sealed class ProbeTurns
{
    private Instant freeAt = Instant.Distant;
    private SuspectedLimit? holder;

    /// <summary>The one that was found to be so; null while none was.</summary>
    public SuspectedLimit? Found { get; set; }

    /// <summary>Begins a turn, where no other has one.</summary>
    public bool TryTake(SuspectedLimit suspect, Instant now, TimeSpan length)
    {
        if (holder != suspect && now < freeAt)
        {
            return false;
        }

        (holder, freeAt) = (suspect, now + length);
        return true;
    }
}
