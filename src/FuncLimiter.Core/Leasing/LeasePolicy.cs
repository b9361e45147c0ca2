namespace FuncLimiter.Core.Leasing;

/// <summary>How leases are lent. Book and instances must go by the same policy.</summary>
public sealed record LeasePolicy
{
    /// <summary>How long a lease holds; default 20 seconds. So long capacity is lost with an instance that dies.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often an instance asks while nothing presses; default 8 seconds, so that a lost ask costs no lease.</summary>
    public TimeSpan RefreshEvery { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How soon an instance asks again while capacity moves between instances; default half a second.</summary>
    public TimeSpan MinRefresh { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long an instance waits for an answer before it asks again; default 5 seconds.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How much an instance's clock may lose or gain against the book's in the time of a lease; default 0.1 seconds. A lease is lent again
    /// only so long after its end, and comes back so much slower. That clocks differ doesn't matter: instances count from their own ask on.
    /// </summary>
    public TimeSpan ClockMargin { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>How long calls of an instance that died may still be under way; default 10 minutes.</summary>
    public TimeSpan LongestCall { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The share of a limit that a class keeps while higher ones want it, by priority, 0 to 1; the first is not used.</summary>
    public IReadOnlyList<double> Floor { get; init; } = [0, 0.1, 0.05];

    /// <summary>The share of a burst that the book keeps to lend it where it is needed, above 0 and below 1; default 0.1.</summary>
    public double BookShare { get; init; } = 0.1;

    /// <summary>
    /// How many owners share the tenants' budgets; at least 1, default 2. More share the work better, and are asked more often.
    /// </summary>
    public int TenantOwners { get; init; } = 2;

    /// <summary>How many instances may hold leases of one budget; default 1,000.</summary>
    public int MaxInstances { get; init; } = 1_000;

    /// <summary>
    /// How many demands one ask states at most, default 200; tenants beyond are served from what is lent for others' sake.
    /// </summary>
    public int MaxDemands { get; init; } = 200;

    /// <summary>
    /// The policy for tenants' budgets: leases hold twice as long and are refreshed half as often. There are many of them, and what a lost
    /// one costs is a tenant's own.
    /// </summary>
    internal LeasePolicy ForTenants => this with
    {
        Duration = 2 * Duration,
        RefreshEvery = 2 * RefreshEvery,
        ClockMargin = 2 * ClockMargin,
    };
}
