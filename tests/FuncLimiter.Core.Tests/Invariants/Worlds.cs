using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Which random worlds a property wants.</summary>
internal sealed record WorldKind
{
    public IReadOnlyList<LimitAlgorithm> Algorithms { get; init; } =
        [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed, LimitAlgorithm.CalendarDay, LimitAlgorithm.Concurrency];

    public bool IsDurable { get; init; }

    /// <summary>Whether tenants and users have limits of their own.</summary>
    public bool LimitsConsumers { get; init; } = true;

    /// <summary>How many calls may wait.</summary>
    public int MaxWaiting { get; init; } = 30;
}

/// <summary>Random accounts, deployments, routes, tenants and limits.</summary>
internal static class Worlds
{
    private static readonly TimeZoneInfo Pacific = TimeZoneInfo.CreateCustomTimeZone("Pacific", TimeSpan.FromHours(-8), null, null);

    public static World Make(int seed, WorldKind kind)
    {
        var random = new Random(seed);
        AccountSpec[] accounts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => new AccountSpec($"a{i}", Limits(random, kind, 2)))];
        SharedLimitSpec[] shared = [.. Enumerable.Range(0, Math.Max(0, random.Next(4) - 1)).Select(i => new SharedLimitSpec($"s{i}", Limits(random, kind, 2)))];
        DeploymentSpec[] deployments =
        [
            .. Enumerable.Range(0, random.Next(1, 5)).Select(i => new DeploymentSpec($"d{i}", accounts[random.Next(accounts.Length)].Id, Limits(random, kind, 3))
            {
                SharedLimits = [.. shared.Where(_ => random.Next(2) == 0).Select(limits => limits.Id)],
            }),
        ];
        RouteSpec[] routes = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => Route(random, $"r{i}", deployments))];
        TenantSpec[] tenants =
        [
            .. Enumerable.Range(0, random.Next(1, 4)).Select(i => new TenantSpec(
                $"t{i}",
                random.Next(1, 5),
                kind.LimitsConsumers && random.Next(3) == 0 ? Limits(random, kind, 2) : [],
                kind.LimitsConsumers && random.Next(3) == 0 ? Limits(random, kind, 1) : [])
            {
                RouteLimits = kind.LimitsConsumers ? RouteLimits(new Random((seed * 31) + i), kind, routes) : new Dictionary<string, IReadOnlyList<Limit>>(),
            }),
        ];

        // Some histories run across a midnight.
        var start = Moments.At((86_400 * random.Next(2)) - 300 + (random.Next(3) * 8 * 3600));
        return new(Spec(kind, accounts, deployments, routes, tenants) with { SharedLimits = shared }, start);
    }

    private static Dictionary<string, IReadOnlyList<Limit>> RouteLimits(Random random, WorldKind kind, RouteSpec[] routes) => routes
        .Where(_ => random.Next(3) == 0)
        .ToDictionary(route => route.Name, IReadOnlyList<Limit> (_) => Limits(random, kind, 2));

    /// <summary>One deployment behind one route <c>r</c>, with one limit, and calls that may wait for long.</summary>
    public static World Single(Limit limit, IReadOnlyList<TenantSpec> tenants) => new(
        new()
        {
            Accounts = [new("a", [])],
            Deployments = [new("d", "a", [limit])],
            Routes = [new("r", ["d"], [])],
            Tenants = tenants,
            Queue = new() { MaxWait = [TimeSpan.FromDays(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1)] },
        },
        Moments.Start);

    /// <summary>A world as above, its limit and tenants random, and calls in it that differ in size from tenant to tenant.</summary>
    public static World Competing(int seed)
    {
        var random = new Random(seed);
        var amount = random.Next(6_000, 60_000);
        var burst = random.Next(2) == 0 ? random.Next(30, 60) : (double?)null;
        var limit = random.Next(8) switch
        {
            0 => new Limit(Dimension.Concurrent, random.Next(1, 7), TimeSpan.Zero, LimitAlgorithm.Concurrency),
            1 => new Limit(Dimension.Requests, amount / 500, Moments.Minute, LimitAlgorithm.Sliding),
            2 => new Limit(Dimension.Requests, amount / 500, Moments.Minute, LimitAlgorithm.Bucket) { BurstSeconds = burst },
            3 => new Limit(Dimension.Tokens, amount, Moments.Minute, LimitAlgorithm.Sliding),
            _ => new Limit(Dimension.Tokens, amount, Moments.Minute, LimitAlgorithm.Bucket) { BurstSeconds = burst },
        };
        return Single(limit, [.. Enumerable.Range(0, random.Next(2, 6)).Select(i => new TenantSpec($"t{i}", random.Next(1, 6), [], []))]);
    }

    /// <summary>A call in such a world: some tenants make small ones, some large ones.</summary>
    public static Ask Competitor(World world, int id, Step step)
    {
        var tenant = step.Who % world.Spec.Tenants.Count;
        var most = ((tenant + world.Spec.Tenants.Count) % 4) switch { 0 => 10, 1 => 100, 2 => 1000, _ => 3000 };
        var charge = new Charge(1, 1 + (step.Size % most), 0, 0, 1);
        return new(id, "r", $"t{tenant}", charge, [charge]);
    }

    /// <summary>The same, of any class.</summary>
    public static Ask OfAnyClass(World world, int id, Step step) =>
        Competitor(world, id, step) with { Priority = (Priority)(step.Who / world.Spec.Tenants.Count % 3) };

    /// <summary>For calls that come to just what was foreseen.</summary>
    public static Charge Exact(Ask ask, Charge held) => held with { Concurrent = 0 };

    private static LimiterSpec Spec(WorldKind kind, AccountSpec[] accounts, DeploymentSpec[] deployments, RouteSpec[] routes, TenantSpec[] tenants) => new()
    {
        Accounts = accounts,
        Deployments = deployments,
        Routes = routes,
        Tenants = tenants,
        IsDurable = kind.IsDurable,
        Queue = new()
        {
            MaxWait = [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(300)],
            MaxWaiting = kind.MaxWaiting,
        },
    };

    /// <summary>A random call: mostly small ones, some as large as a limit, a few larger than any.</summary>
    public static Ask Ask(World world, int id, Step step)
    {
        var random = new Random((step.Who * 4001) ^ step.Size);
        var route = world.Spec.Routes[random.Next(world.Spec.Routes.Count)];
        var tenant = world.Spec.Tenants[random.Next(world.Spec.Tenants.Count)].Id;
        var tokens = random.Next(20) switch { 0 => random.Next(1, 8000), < 6 => random.Next(1, 2000), _ => random.Next(1, 300) };
        var places = route.Targets.Count + route.Fallback.Count;
        return new(id, route.Name, tenant, ChargeOf(tokens, 1), [.. Enumerable.Range(0, places).Select(_ => ChargeOf(tokens, random.Next(2) == 0 ? 1 : 1.3))])
        {
            User = random.Next(3) switch { 0 => null, 1 => "u", _ => "v" },
            Priority = (Priority)random.Next(3),
            MaxWait = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(20_000)) : null,
            Excluded = random.Next(8) == 0 ? (ulong)random.Next(1 << places) : 0,
            ExpiresAfter = random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(1, 60)) : null,
        };
    }

    /// <summary>What a call comes to in the end, always the same for the same call: as foreseen, less, nothing, or more.</summary>
    public static Charge FinalOf(Ask ask, Charge held) => (ask.Id * 7919 % 10) switch
    {
        < 4 => held with { Concurrent = 0 },
        < 8 => Scale(held, ask.Id * 31 % 100 / 100.0),
        8 => Charge.None,
        _ => Scale(held, 1.4),
    };

    private static Charge Scale(Charge held, double factor) => new(
        held.Requests, (long)(held.Tokens * factor), (long)(held.InputTokens * factor), (long)(held.OutputTokens * factor), 0);

    private static Charge ChargeOf(int tokens, double factor) =>
        new(1, (long)(tokens * factor), (long)(tokens * factor * 0.6), (long)(tokens * factor * 0.4), 1);

    private static RouteSpec Route(Random random, string name, DeploymentSpec[] deployments)
    {
        string[] shuffled = [.. deployments.Select(deployment => deployment.Id)];
        random.Shuffle(shuffled);
        var targets = random.Next(1, shuffled.Length + 1);
        var fallbacks = random.Next(0, shuffled.Length - targets + 1);
        return new(name, shuffled[..targets], shuffled[targets..(targets + fallbacks)]);
    }

    private static Limit[] Limits(Random random, WorldKind kind, int most) => [.. Enumerable.Range(0, random.Next(0, most + 1))
        .Select(_ => Limit(random, kind.Algorithms[random.Next(kind.Algorithms.Count)]))
        .DistinctBy(limit => (limit.Dimension, limit.Window))];

    private static Limit Limit(Random random, LimitAlgorithm algorithm)
    {
        var dimension = algorithm == LimitAlgorithm.Concurrency ? Dimension.Concurrent : (Dimension)random.Next(4);
        long amount = dimension switch { Dimension.Concurrent => random.Next(1, 7), Dimension.Requests => random.Next(5, 60), _ => random.Next(300, 6000) };
        var window = algorithm switch
        {
            LimitAlgorithm.Concurrency => TimeSpan.Zero,
            LimitAlgorithm.CalendarDay => TimeSpan.FromDays(1),
            _ => TimeSpan.FromSeconds(random.Next(2) == 0 ? 60 : 10),
        };
        return new(dimension, amount, window, algorithm)
        {
            BurstSeconds = algorithm == LimitAlgorithm.Bucket && random.Next(2) == 0 ? random.Next(1, 30) : null,
            TimeZone = algorithm == LimitAlgorithm.CalendarDay && random.Next(2) == 0 ? Pacific : null,
        };
    }
}
