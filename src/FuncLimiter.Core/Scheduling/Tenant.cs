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

    /// <summary>Its waiting calls that stepped aside for want of room of its own.</summary>
    public List<UserQueue> HeldUp { get; } = [];

    /// <summary>Lets them try again.</summary>
    public void Release()
    {
        while (HeldUp.Count > 0)
        {
            HeldUp[^1].Flow.Resume(HeldUp[^1]);
        }
    }
}
