using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>
/// What a person, or whoever acts on alerts, may change while a limiter runs. Budgets go by the names under which they are reported
/// (<c>deployment:openai-east/gpt-x</c>, <c>tenant:acme</c>). Everything takes effect at once, for calls that wait as well.
/// </summary>
public sealed class Controls
{
    private readonly Topology topology;
    private readonly TenantTable tenants;
    private readonly Action<Instant> changed;

    internal Controls(Topology topology, TenantTable tenants, Action<Instant> changed) =>
        (this.topology, this.tenants, this.changed) = (topology, tenants, changed);

    /// <summary>Closes an account, a deployment, a tenant or a user until an instant, or opens it where that has passed. False where there is none.</summary>
    public bool Close(string budget, Instant until, Instant now)
    {
        if (Find(budget) is not { } found)
        {
            return false;
        }

        if (until > now)
        {
            found.CoolDown(until, now);
            return true;
        }

        found.EndCooldown();
        FindUser(budget)?.Release();
        changed(now);
        return true;
    }

    /// <summary>Gives a limit another amount; what was taken stays taken. False where there is no such limit, or its budget is somebody else's.</summary>
    /// <param name="dimension">What the limit counts.</param>
    /// <param name="window">Its window.</param>
    /// <param name="amount">The new amount for a window; at least 1.</param>
    public bool SetLimit(string budget, Dimension dimension, TimeSpan window, long amount, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amount, 1);
        return Find(budget) is { Lease: null } && Configure(budget, dimension, window, amount, now);
    }

    /// <summary>
    /// Takes up another amount that the configuration says; what was taken stays taken. Of a leased budget, leases are asked for by the new amount:
    /// its owner has to go by the same. False where there is no such limit.
    /// </summary>
    /// <param name="dimension">What the limit counts.</param>
    /// <param name="window">Its window.</param>
    /// <param name="amount">The new amount for a window; at least 1.</param>
    public bool Configure(string budget, Dimension dimension, TimeSpan window, long amount, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amount, 1);
        if (Find(budget) is not { } found
            || found.Meters.FirstOrDefault(meter => meter.Dimension == dimension && meter.Limit.Window == window) is not { } meter)
        {
            return false;
        }

        meter.Reconfigure(amount, now);
        Follow(budget, now);
        found.Lease?.Reconfigure(meter.Limit, now);
        changed(now);
        return true;
    }

    /// <summary>
    /// Goes by what a provider's management API told of one of its limits, never above what a person wrote. Slices of a minute get their part.
    /// False where there is no such limit.
    /// </summary>
    /// <param name="dimension">What the limit counts.</param>
    /// <param name="window">Its window.</param>
    /// <param name="amount">The amount for a window, at least 1; null for no limit.</param>
    public bool TakeUp(string budget, Dimension dimension, TimeSpan window, long? amount, Instant now)
    {
        if (topology.Budgets.FirstOrDefault(own => own.Name == budget) is not { } found)
        {
            return false;
        }

        var isKnown = false;
        foreach (var meter in found.Meters)
        {
            if (meter.Dimension == dimension && (meter.Limit.Window == window || (meter.Limit.IsSlice && window == TimeSpan.FromMinutes(1))))
            {
                isKnown |= meter.Limit.Window == window;
                meter.TakeUp(meter.Limit.Window == window ? amount : meter.Limit.PartOf(amount), now);
            }
        }

        Follow(budget, now);
        changed(now);
        return isKnown;
    }

    /// <summary>
    /// Goes no more by what a provider's management API told of a limit that a person wrote, since it tells of it no more. False where it had told
    /// nothing, or nobody wrote the limit.
    /// </summary>
    /// <param name="dimension">What the limit counts.</param>
    /// <param name="window">Its window.</param>
    public bool Withdraw(string budget, Dimension dimension, TimeSpan window, Instant now)
    {
        var isWithdrawn = false;
        foreach (var meter in topology.Budgets.FirstOrDefault(own => own.Name == budget)?.Meters ?? [])
        {
            if (meter.Dimension == dimension && !meter.Limit.IsOpen && (meter.Limit.Window == window || (meter.Limit.IsSlice && window == TimeSpan.FromMinutes(1))))
            {
                isWithdrawn |= meter.Withdraw(now);
            }
        }

        if (isWithdrawn)
        {
            Follow(budget, now);
            changed(now);
        }

        return isWithdrawn;
    }

    /// <summary>
    /// Forgets what was learned of a provider's budget: the limits that answers reported, how far to stay from them, how the provider charges.
    /// False where there is none, or it is somebody else's.
    /// </summary>
    public bool Forget(string budget, Instant now)
    {
        if (topology.Budgets.FirstOrDefault(own => own.Name == budget) is not { Lease: null } found)
        {
            return false;
        }

        found.Forget(now);
        if (topology.Suspects.FirstOrDefault(suspect => suspect.Budget == found) is { IsFound: true } shared)
        {
            topology.Decide(shared, null, now);
        }

        changed(now);
        return true;
    }

    /// <summary>
    /// Charges what a provider's budget counts by a rule that a person named, until what was learned of it is forgotten. False where there is
    /// none, it is somebody else's, or nothing in it is charged by that rule.
    /// </summary>
    /// <param name="dimension">Which tokens.</param>
    /// <param name="rule">The rule.</param>
    public bool PinCharging(string budget, Dimension dimension, ChargeRule rule, Instant now)
    {
        if (topology.Budgets.FirstOrDefault(own => own.Name == budget) is not { Lease: null } found || !found.PinCharging(dimension, rule, now))
        {
            return false;
        }

        changed(now);
        return true;
    }

    /// <summary>
    /// Goes by what the owner of a leased budget has learned, as read from its state. Answers to asks made before say nothing more on it.
    /// False where there is no such budget, or it is owned here.
    /// </summary>
    /// <param name="charging">How the provider charges each limit of tokens.</param>
    /// <param name="forgotten">When the owner was last made to forget; <see cref="Instant.Distant"/> for never.</param>
    public bool FollowLearned(string budget, IReadOnlyList<ChargeState> charging, Instant forgotten, Instant now)
    {
        if (topology.Budgets.FirstOrDefault(own => own.Name == budget) is not { Lease: not null } found)
        {
            return false;
        }

        found.Lease.ReadLearned();
        found.FollowLearned(charging, forgotten, now);
        changed(now);
        return true;
    }

    /// <summary>Takes in a tenant that was not configured at the start. False where it is there already, whose limits on further routes hold from now on.</summary>
    public bool Admit(TenantSpec tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return tenants.Admit(tenant);
    }

    /// <summary>Gives a tenant another weight. False where it was never seen and is not configured.</summary>
    public bool Weigh(string tenant, double weight, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(weight, 0);
        if (tenants.Known(tenant) is not { } known)
        {
            return false;
        }

        known.Weigh(weight);
        changed(now);
        return true;
    }

    /// <summary>Has background work leave a share of an account's or a deployment's limits to others, except for its floor; 0 ends that.</summary>
    /// <param name="share">The share, 0 to 0.5.</param>
    public bool HoldBackground(string budget, double share, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 0.5);
        if (topology.Budgets.FirstOrDefault(own => own.Name == budget) is not { } found)
        {
            return false;
        }

        found.KeptFree = share;
        changed(now);
        return true;
    }

    /// <summary>Caps a user of a tenant at so many tokens a minute, above its limits or not; null lifts the cap. False where there is no such tenant.</summary>
    public bool Cap(string tenant, string user, long? tokensPerMinute, Instant now)
    {
        if (tenants.Known(tenant) is not { } known)
        {
            return false;
        }

        known.Cap(user, tokensPerMinute, now);
        changed(now);
        return true;
    }

    private void Follow(string budget, Instant now)
    {
        foreach (var suspect in topology.Suspects.Where(suspect => suspect.Members.Contains(budget)))
        {
            suspect.Follow(now);
        }
    }

    private Budget? Find(string name)
    {
        if (topology.Budgets.FirstOrDefault(budget => budget.Name == name) is { } providers)
        {
            return providers;
        }

        if (name.StartsWith(Tenant.Scope, StringComparison.Ordinal))
        {
            var id = name[Tenant.Scope.Length..];
            return tenants.Known(id)?.Budget ?? tenants.Known(id.Split('/', 2)[0])?.Budgets.FirstOrDefault(budget => budget.Name == name);
        }

        return FindUser(name)?.Budget;
    }

    private User? FindUser(string name)
    {
        const string scope = "user:";
        return name.StartsWith(scope, StringComparison.Ordinal) && name.Split('/', 2) is [var owner, _]
            ? tenants.Known(owner[scope.Length..])?.Users.FirstOrDefault(known => known.Budget.Name == name)
            : null;
    }
}
