using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>One tenant's budget, its users and its queues.</summary>
internal sealed class Tenant
{
    /// <summary>What the names of tenants' budgets begin with.</summary>
    public const string Scope = "tenant:";

    private readonly Dictionary<string, User> users = new(StringComparer.Ordinal);
    private readonly TenantSpec spec;
    private ServiceClock?[] clocks = new ServiceClock?[Pool.Classes];
    private readonly int maxUsers;

    public Tenant(string id, TenantSpec spec, int maxUsers)
    {
        Id = id;
        this.spec = spec;
        this.maxUsers = maxUsers;
        Budget = new Budget(Scope + id, spec.Limits, Caution.None());
    }

    public string Id { get; }

    public double Weight => spec.Weight;

    public Budget Budget { get; }

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

    /// <summary>What waits for one of its calls to end, not for a time.</summary>
    public List<Flow> WaitingForSettlement { get; } = [];

    /// <summary>The user's budget, or null where users of this tenant have no limits.</summary>
    public User? Find(string? name, Instant now)
    {
        if (name is null || spec.UserLimits.Count == 0)
        {
            return null;
        }

        if (!users.TryGetValue(name, out var user))
        {
            if (users.Count >= maxUsers)
            {
                ForgetIdle(now);
            }

            user = new User(new Budget($"user:{Id}/{name}", spec.UserLimits, Caution.None()));
            users.Add(name, user);
        }

        return user;
    }

    // Whoever has nothing taken and nothing waiting starts from the same state when seen again.
    private void ForgetIdle(Instant now)
    {
        foreach (var (name, user) in users)
        {
            if (user.Calls == 0 && user.Budget.Utilization(now) <= 0)
            {
                users.Remove(name);
            }
        }
    }
}

/// <summary>One user of a tenant that limits its users.</summary>
internal sealed class User(Budget budget)
{
    public Budget Budget { get; } = budget;

    /// <summary>Calls of the user's that wait or are under way.</summary>
    public int Calls { get; set; }
}
