using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Scheduling;

/// <summary>One tenant's budget, its users and its queues.</summary>
internal sealed class Tenant : Allotment
{
    /// <summary>What the names of tenants' budgets begin with.</summary>
    public const string Scope = "tenant:";

    private readonly Dictionary<string, User> users = new(StringComparer.Ordinal);
    private const int MostUnlimited = 2_000;
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(1);

    private readonly TenantSpec spec;
    private FrozenDictionary<string, Allotment> routes = FrozenDictionary<string, Allotment>.Empty;
    private Instant forgotAt = Instant.Distant;
    private ServiceClock?[] clocks = new ServiceClock?[Pool.Classes];
    private readonly int maxUsers;
    private TimeSpan wallAhead;
    private readonly LeaseDesk? leases;

    public Tenant(string id, TenantSpec spec, int maxUsers, LeaseDesk? leases = null)
        : base(new Budget(Scope + id, spec.Limits, Caution.None()))
    {
        this.leases = leases;
        Id = id;
        Weight = spec.Weight;
        this.spec = spec;
        this.maxUsers = maxUsers;
        Limit(spec.RouteLimits);
    }

    public string Id { get; }

    public double Weight { get; private set; }

    /// <summary>Its own budget, and those of its routes.</summary>
    public IEnumerable<Budget> Budgets => routes.Values.Select(route => route.Budget).Prepend(Budget);

    /// <summary>What it may take of a route; null for whatever its own budget has.</summary>
    public Allotment? RouteOf(string route) => routes.Count > 0 ? routes.GetValueOrDefault(route) : null;

    /// <summary>Limits what it may take of routes that it had no limits of; calls that wait go by what held when they came. The budgets made for it.</summary>
    public IReadOnlyList<Budget> Limit(IReadOnlyDictionary<string, IReadOnlyList<Limit>> limits)
    {
        var made = limits.Where(route => !routes.ContainsKey(route.Key))
            .Select(route => KeyValuePair.Create(route.Key, new Allotment(new Budget(TenantSpec.BudgetOf(Id, route.Key), route.Value, Caution.None()))))
            .ToList();
        routes = made.Count == 0 ? routes : routes.Concat(made).ToFrozenDictionary(StringComparer.Ordinal);
        return [.. made.Select(static route => route.Value.Budget)];
    }

    public IEnumerable<User> Users => users.Values;

    /// <summary>Its service so far in a class of a pool.</summary>
    public ServiceClock ClockOf(Pool pool, Priority priority)
    {
        var index = (pool.Index * Pool.Classes) + (int)priority;
        if (index >= clocks.Length)
        {
            Array.Resize(ref clocks, index + Pool.Classes);
        }

        return clocks[index] ??= new(this);
    }

    /// <summary>What its own budget, or its users', hold up: what a call of its gives back may be enough.</summary>
    public HashSet<Flow> HeldUp { get; } = [];

    /// <summary>Looks again at what is held up: a call of a user's is over, or the limits are others. True where anything was.</summary>
    public bool Release(User? user)
    {
        if (HeldUp.Count == 0 && user is not { HeldUp.Count: > 0 })
        {
            return false;
        }

        user?.Release();
        foreach (var flow in HeldUp)
        {
            flow.Lane.Resume(flow);
        }

        HeldUp.Clear();
        return true;
    }

    /// <summary>Another weight, from now on.</summary>
    public void Weigh(double weight)
    {
        foreach (var clock in clocks)
        {
            clock?.Reweigh(weight, weight - Weight);
        }

        Weight = weight;
    }

    /// <summary>Looks again at everything that is held up; where users' budgets are leased, they may have room that they had not.</summary>
    public void ReleaseAll()
    {
        foreach (var user in leases is null ? Enumerable.Empty<User>() : users.Values)
        {
            user.Release();
        }

        Release(null);
    }

    /// <summary>
    /// The user, or null where the call names none. Users without limits are told apart as well, as far as there are not too many: they
    /// take turns too, so that one of them in a rush holds up nobody else.
    /// </summary>
    public User? Find(string? name, Instant now)
    {
        if (name is null)
        {
            return null;
        }

        if (!users.TryGetValue(name, out var user))
        {
            var isLimited = spec.UserLimits.Count > 0;
            if (users.Count >= (isLimited ? maxUsers : MostUnlimited) && now - forgotAt >= ForgetEvery)
            {
                forgotAt = now;
                ForgetIdle(now);
            }

            if (!isLimited && users.Count >= MostUnlimited)
            {
                return null;
            }

            user = Make(name);
        }

        return user;
    }

    /// <summary>Caps a user at so many tokens a minute; null lifts the cap.</summary>
    public void Cap(string name, long? tokensPerMinute, Instant now)
    {
        if (!users.TryGetValue(name, out var user))
        {
            if (tokensPerMinute is null)
            {
                return;
            }

            user = Make(name);
        }

        user.Cap = tokensPerMinute is { } tokens ? new UsageCap(tokens, now) : null;
        user.Release();
    }

    /// <summary>Days of its users' limits turn by a wall clock that is so far ahead of the instants handed in.</summary>
    public void FollowWall(TimeSpan ahead, Instant now)
    {
        wallAhead = ahead;
        foreach (var user in users.Values)
        {
            user.Budget.FollowWall(ahead, now);
        }
    }

    private User Make(string name)
    {
        var user = new User(new Budget($"user:{Id}/{name}", spec.UserLimits, Caution.None()));
        user.Budget.FollowWall(wallAhead, Instant.Distant);
        users.Add(name, user);
        if (spec.UserLimits.Count > 0)
        {
            leases?.LeaseUser(Id, user.Budget);
        }

        return user;
    }

    // Whoever has nothing taken and nothing waiting starts from the same state when seen again.
    private void ForgetIdle(Instant now)
    {
        foreach (var (name, user) in users)
        {
            if (user.Calls == 0 && user.Cap is null && user.Budget.Utilization(now) <= 0 && user.Budget.Lease?.IsInUse(now) is not true)
            {
                users.Remove(name);
                if (user.Budget.Lease is not null)
                {
                    leases?.ForgetUser(Id, user.Budget);
                }
            }
        }
    }
}

/// <summary>A budget that a tenant has of its own, as a whole, for one route or for one of its users; and what draws on it.</summary>
internal class Allotment(Budget budget)
{
    public Budget Budget { get; } = budget;

    /// <summary>What waits for its budget, by class.</summary>
    public WorkAhead[] Waiting { get; } = new WorkAhead[Pool.Classes];

    /// <summary>What comes and is served of it; null before any of it had to wait.</summary>
    public ClassTraffic? Traffic { get; private set; }

    /// <summary>A call has arrived for the first time.</summary>
    /// <param name="priority">Its class.</param>
    /// <param name="cost">What it costs of this budget, in seconds of its refill; 0 where nothing limits it.</param>
    /// <param name="now">Now.</param>
    public void Arrive(Priority priority, double cost, Instant now)
    {
        if (cost > 0)
        {
            (Traffic ??= new()).Arrive(priority, cost, now);
        }
    }
}

/// <summary>One tenant, as the limiter sees it.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="UserLimits">The limits of each of its users.</param>
public sealed record TenantSpec(string Id, double Weight, IReadOnlyList<Limit> Limits, IReadOnlyList<Limit> UserLimits)
{
    /// <summary>Its limits on single routes, by the route's name: a call of such a route fits these and <see cref="Limits"/>, or waits.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Limit>> RouteLimits { get; init; } = new Dictionary<string, IReadOnlyList<Limit>>();

    /// <summary>The name of the budget of a tenant's limits on a route, for example <c>tenant:acme/gpt-x</c>.</summary>
    /// <param name="tenant">The tenant's id.</param>
    /// <param name="route">The route's name.</param>
    public static string BudgetOf(string tenant, string route) => $"{Tenant.Scope}{tenant}/{route}";
}
