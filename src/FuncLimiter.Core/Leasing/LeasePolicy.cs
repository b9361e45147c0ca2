namespace FuncLimiter.Core.Leasing;

/// <summary>How leases are lent. Book and instances must go by the same policy.</summary>
public sealed record LeasePolicy
{
    /// <summary>How long a lease holds at most; default 20 seconds. So long capacity is lost with an instance that dies.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How often an instance asks at least while nothing presses; default 8 seconds, so that a lost ask costs no lease.
    /// </summary>
    public TimeSpan RefreshEvery { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How many calls go out for each ask at least, all instances together; default 200. A few busy instances ask the more often, and hold
    /// their leases the shorter: what they no longer need, or die with, is lent to others the sooner.
    /// </summary>
    public double CallsPerAsk { get; init; } = 200;

    /// <summary>How soon an instance asks again while capacity moves between instances, at least; default half a second.</summary>
    public TimeSpan MinRefresh { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// How many asks a second an owner is to answer at most, while capacity moves; default 10. The more instances hold leases of a budget,
    /// the longer each of them waits before it asks again.
    /// </summary>
    public double AsksPerSecond { get; init; } = 10;

    /// <summary>
    /// How soon an instance that the book did not know asks again; default one second. Until then it has an advance without refill: those
    /// that begin at the same time are known by then, and a share need not be taken from the first to be given to the last.
    /// </summary>
    public TimeSpan FirstRefresh { get; init; } = TimeSpan.FromSeconds(1);

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
    /// How many users with limits of their own one owner of tenants lends to at a time; default 1,000. Further ones wait.
    /// </summary>
    public int MaxUsers { get; init; } = 1_000;

    /// <summary>
    /// How many demands one ask states at most, default 200; tenants beyond are served from what is lent for others' sake.
    /// </summary>
    public int MaxDemands { get; init; } = 200;

    /// <summary>How soon after an ask another may follow where something presses.</summary>
    /// <param name="instances">How many hold leases.</param>
    internal TimeSpan PauseOf(int instances)
    {
        var pause = TimeSpan.FromSeconds(instances / AsksPerSecond);
        return pause < MinRefresh ? MinRefresh : pause > RefreshEvery ? RefreshEvery : pause;
    }

    /// <summary>How often each of some instances asks, by the calls per second that they let out together.</summary>
    internal TimeSpan RefreshOf(int instances, double callsPerSecond)
    {
        var seconds = instances * CallsPerAsk / Math.Max(callsPerSecond, 1e-6);
        return seconds >= RefreshEvery.TotalSeconds ? RefreshEvery
            : seconds <= MinRefresh.TotalSeconds ? MinRefresh
            : TimeSpan.FromSeconds(seconds);
    }

    /// <summary>How long a lease holds that is renewed so often: two answers may fail to come.</summary>
    internal TimeSpan DurationOf(TimeSpan refresh)
    {
        var (part, late) = (Duration * (refresh / RefreshEvery), refresh + 2 * AnswerWithin);
        var least = part > late ? part : late;
        return least < Duration ? least : Duration;
    }

    /// <summary>The policy for users' budgets: most are of one instance, and asked for as a call comes.</summary>
    internal LeasePolicy ForUsers => this with { FirstRefresh = RefreshEvery, CallsPerAsk = 2 * CallsPerAsk };

    /// <summary>
    /// The policy for tenants' budgets: leases hold twice as long and are refreshed half as often. There are many of them, and what a lost
    /// one costs is a tenant's own.
    /// </summary>
    internal LeasePolicy ForTenants => this with
    {
        Duration = 2 * Duration,
        RefreshEvery = 2 * RefreshEvery,
        ClockMargin = 2 * ClockMargin,
        CallsPerAsk = 2 * CallsPerAsk,
    };
}
