using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7 where more comes together than one crowd and one limit: each kind of limit at each scope, with others arriving, with tenants of
/// unlike weights, with several classes, over two deployments. Each overload by itself, each in ten crowds.
/// </summary>
public class MixedOverloadTests(ITestOutputHelper output)
{
    private const double Honest = 0.95;
    private const int Crowds = 10;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly (string Name, Func<long, Limit> Of)[] Kinds =
    [
        ("bucket of 5 s", amount => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 }),
        ("bucket of a minute", amount => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Bucket)),
        ("sliding minute", amount => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Sliding)),
        ("fixed minute", amount => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Fixed)),
        ("fixed 10 s", amount => new(Dimension.Requests, amount / 6, TimeSpan.FromSeconds(10), LimitAlgorithm.Fixed)),
        ("tokens, bucket of 5 s", amount => new(Dimension.Tokens, amount * 100, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 }),
        ("tokens, sliding minute", amount => new(Dimension.Tokens, amount * 100, Minute, LimitAlgorithm.Sliding)),
        ("tokens, fixed minute", amount => new(Dimension.Tokens, amount * 100, Minute, LimitAlgorithm.Fixed)),
    ];

    public static TheoryData<string> Overloads => [.. All.Keys];

    private static Dictionary<string, Comeback> All { get; } = Limits().Concat(SmallBursts()).Concat(Slots()).Concat(SeveralLimits()).Concat(Mixed()).Concat(Narrow()).Concat(Sizes()).ToDictionary(one => one.Name, one => one.Overload);

    [Theory]
    [MemberData(nameof(Overloads))]
    public void RefusedCallers_WhoComeBackWhenTold_GoOutAtOnce(string overload)
    {
        var crowds = Enumerable.Range(1, Crowds).Select(All[overload].Run).ToList();
        var (returned, atOnce) = (crowds.Sum(crowd => crowd.Returned), crowds.Sum(crowd => crowd.AtOnce));
        output.WriteLine($"{overload}: {atOnce} of {returned} at once, {crowds.Count(crowd => crowd.Part < Honest)} of {Crowds} crowds below; the last at {crowds.Max(crowd => crowd.Last):0} s");

        Assert.True(returned > 0, "Nobody came back.");
        Assert.True(atOnce >= Honest * returned, $"{atOnce} of {returned}; {crowds.MinBy(crowd => crowd.Part)}");
        Assert.True(crowds.Count(crowd => crowd.Part < Honest) <= Crowds / 3, $"{crowds.MinBy(crowd => crowd.Part)}");
    }

    // One after another they take two minutes, whatever is expected of the classes before them.
    [Fact]
    public void LowerClasses_OfACrowd_AreToldTimesNotFarFromThoseAtWhichTheyCanBeServed()
    {
        var crowd = All["three classes, bucket of 5 s"].Run();

        Assert.Equal(120, crowd.Admitted);
        Assert.InRange(crowd.Last, 110, 200);
    }

    // Room that a large call needs for itself is lost to no more of those behind it than there are large ones.
    [Fact]
    public void SmallCalls_AreNotPutOff_AsThoughAllBeforeThemWereLarge()
    {
        var crowd = All["deployment, tokens, bucket of 2 s, each tenth eleven times as large, 600 rpm, 600 callers and 3 a second, wait 1"].Run();

        Assert.InRange(crowd.Last, 70, 300);
    }

    private static IEnumerable<(string Name, Comeback Overload)> Limits() =>
        from kind in Kinds
        from scope in new[] { "deployment", "account", "tenant", "user" }
        from load in new (int Rpm, int Callers, double Others, int Wait)[] { (60, 100, 0, 5), (60, 100, 0.5, 2), (600, 900, 3, 1), (120, 200, 1, 0) }
        select ($"{scope}, {kind.Name}, {load.Rpm} rpm, {load.Callers} callers and {load.Others} a second, wait {load.Wait}", With(scope, kind.Of(load.Rpm)) with
        {
            Callers = load.Callers,
            Newcomers = load.Others,
            NewcomersFor = load.Others > 0 ? Minute : null,
            MaxWait = TimeSpan.FromSeconds(load.Wait),
        });

    // So little room that a caller who comes late leaves a full bucket full.
    private static IEnumerable<(string Name, Comeback Overload)> SmallBursts() =>
        from scope in new[] { "deployment", "tenant", "user" }
        from burst in new[] { 1, 2, 3 }
        from load in new (int Rpm, int Callers, double Others, int Wait)[] { (120, 10, 0, 0), (120, 10, 0.6, 0), (120, 10, 0.6, 1), (60, 20, 0.3, 0), (300, 25, 1.5, 1), (1200, 100, 6, 0) }
        select ($"{scope}, bucket of {burst} s, {load.Rpm} rpm, {load.Callers} callers and {load.Others} a second, wait {load.Wait}",
            With(scope, new(Dimension.Requests, load.Rpm, Minute, LimitAlgorithm.Bucket) { BurstSeconds = burst }) with
            {
                Callers = load.Callers,
                Newcomers = load.Others,
                NewcomersFor = load.Others > 0 ? TimeSpan.FromSeconds(5) : null,
                MaxWait = TimeSpan.FromSeconds(load.Wait),
                Runs = TimeSpan.FromSeconds(0.05),
            });

    private static IEnumerable<(string Name, Comeback Overload)> Slots() =>
        from scope in new[] { "deployment", "account", "tenant", "user" }
        from load in new (int Places, int Callers, double Others, double Runs)[] { (4, 60, 0, 1.7), (4, 60, 0.3, 5), (20, 300, 2, 3), (2, 20, 0.05, 10) }
        select ($"{scope}, {load.Places} at once, {load.Callers} callers and {load.Others} a second, runs {load.Runs}",
            With(scope, new(Dimension.Concurrent, load.Places, TimeSpan.Zero, LimitAlgorithm.Concurrency)) with
            {
                Callers = load.Callers,
                Newcomers = load.Others,
                NewcomersFor = load.Others > 0 ? Minute : null,
                MaxWait = TimeSpan.FromSeconds(3),
                Runs = TimeSpan.FromSeconds(load.Runs),
                Before = 5,
                Length = TimeSpan.FromHours(1),
            });

    // Which of them binds is another one from call to call: each has to know what is ahead of a caller in its own unit.
    private static IEnumerable<(string Name, Comeback Overload)> SeveralLimits() =>
        from kind in Kinds.Where(kind => !kind.Name.StartsWith("tokens", StringComparison.Ordinal))
        from load in new (int Rpm, int Callers, double Others, int Wait)[] { (60, 60, 0, 5), (60, 100, 0.5, 2), (240, 300, 1, 0), (600, 300, 3, 1) }
        from second in new (string Name, Limit Limit)[]
        {
            ("tokens", new(Dimension.Tokens, load.Rpm * 80, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 }),
            ("places", new(Dimension.Concurrent, Math.Max(2, load.Rpm / 40), TimeSpan.Zero, LimitAlgorithm.Concurrency)),
        }
        from scope in new[] { "deployment", "tenant" }
        let limits = new[] { kind.Of(load.Rpm), second.Limit }
        select ($"{scope}, {kind.Name} and {second.Name}, {load.Rpm} rpm, {load.Callers} callers and {load.Others} a second, wait {load.Wait}",
            With(scope, limits[0]) with
            {
                Spec = scope == "tenant" ? World([], [], limits, []) : World([], limits, [], []),
                Callers = load.Callers,
                Newcomers = load.Others,
                NewcomersFor = load.Others > 0 ? Minute : null,
                MaxWait = TimeSpan.FromSeconds(load.Wait),
                Runs = TimeSpan.FromSeconds(1),
            });

    private static IEnumerable<(string Name, Comeback Overload)> Mixed()
    {
        foreach (var (name, limit) in Kinds)
        {
            var one = With("deployment", limit(60)) with { MaxWait = TimeSpan.FromSeconds(5), Length = TimeSpan.FromHours(1) };
            yield return ($"three classes, {name}", one with { Classes = [Priority.Interactive, Priority.Standard, Priority.Background], Callers = 120 });
            yield return ($"two classes and others, {name}", one with { Classes = [Priority.Interactive, Priority.Standard], Callers = 100, Newcomers = 0.5, NewcomersFor = Minute });
            yield return ($"weights 3 and 1, {name}", one with { Spec = Weighing(one.Spec, 3, 1), Tenants = ["t0", "t1"], Callers = 200 });
            yield return ($"weights 1, 1 and 1, {name}", one with { Spec = Weighing(one.Spec, 1, 1, 1), Tenants = ["t0", "t1", "t2"], Callers = 150 });
            yield return ($"two deployments, {name}", one with { Spec = Two(limit(60), limit(60)), Callers = 200 });
            yield return ($"two deployments of unlike kinds, {name}", one with { Spec = Two(new(Dimension.Tokens, 6_000, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 }, limit(90)), Callers = 200, Newcomers = 0.5, NewcomersFor = Minute });
            yield return ($"a tenant's and a deployment's, {name}", one with { Spec = World([], [limit(90)], [limit(60)], []), Callers = 150 });
            yield return ($"a tenant's bucket and a deployment's, {name}", one with { Spec = World([], [limit(90)], [Bucket(60)], []), Callers = 150 });
            yield return ($"a deployment's bucket and a tenant's, {name}", one with { Spec = World([], [Bucket(90)], [limit(60)], []), Callers = 150 });
            foreach (var wait in new[] { 0, 2 })
            {
                var some = one with { Callers = 120, Newcomers = 0.4, NewcomersFor = Minute, MaxWait = TimeSpan.FromSeconds(wait), RefusedWithin = TimeSpan.FromSeconds(0.3) };
                yield return ($"two classes of a user with a limit, {name}, wait {wait}", some with { Spec = World([], [limit(200)], [], [limit(60)]), Classes = [Priority.Interactive, Priority.Standard] });
                yield return ($"one of two tenants with a limit, {name}, wait {wait}", some with { Spec = Limited(limit(60), [limit(18)], []), Tenants = ["t0", "t1"] });
                yield return ($"tenants with unlike limits, {name}, wait {wait}", some with { Spec = Limited(limit(60), [limit(12)], [limit(18)], []), Tenants = ["t0", "t1", "t2"] });
                if (name != "fixed 10 s")
                {
                    yield return ($"three classes of a tenant with a limit, {name}, wait {wait}", some with { Spec = World([], [limit(200)], [limit(60)], []), Classes = [Priority.Interactive, Priority.Standard, Priority.Background] });
                    yield return ($"classes of tenants with unlike limits, {name}, wait {wait}", some with { Spec = Limited(limit(60), [limit(36)], []), Tenants = ["t0", "t1"], Classes = [Priority.Interactive, Priority.Standard, Priority.Background] });
                }
            }

            if (name != "fixed 10 s")
            {
                yield return ($"two unlike deployments, {name}", one with { Spec = Two(limit(120), limit(30)), Callers = 200, Newcomers = 1, NewcomersFor = Minute });
            }
        }
    }

    // Room for one at a time: tenants that are told the same second would be in each other's way.
    private static IEnumerable<(string Name, Comeback Overload)> Narrow() =>
        from weights in new double[][] { [1, 1], [1, 1, 1], [10, 1] }
        from load in new (int Callers, double Others, int Wait)[] { (60, 0, 5), (100, 0.5, 2) }
        let limit = new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 2 }
        select ($"weights {string.Join(", ", weights)}, bucket of 2 s, {load.Callers} callers and {load.Others} a second, wait {load.Wait}", With("deployment", limit) with
        {
            Spec = Weighing(With("deployment", limit).Spec, weights),
            Tenants = [.. weights.Select((_, i) => $"t{i}")],
            Callers = load.Callers,
            Newcomers = load.Others,
            NewcomersFor = load.Others > 0 ? Minute : null,
            MaxWait = TimeSpan.FromSeconds(load.Wait),
            Runs = TimeSpan.FromSeconds(1),
            Length = TimeSpan.FromHours(1),
        });

    // What is ahead of a caller is of other sizes than its own.
    private static IEnumerable<(string Name, Comeback Overload)> Sizes() =>
        from kind in Kinds.Where(kind => kind.Name.StartsWith("tokens", StringComparison.Ordinal))
            .Append(("tokens, bucket of 2 s", amount => new(Dimension.Tokens, amount * 100, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 2 }))
        from sizes in new (string Name, Func<int, long> Of)[] { ("all sizes", id => 10 + (id * 7919 % 181)), ("each tenth eleven times as large", id => id % 10 == 0 ? 550 : 50) }
        from load in new (int Rpm, int Callers, double Others, int Wait)[] { (120, 200, 0.5, 2), (600, 600, 3, 1) }
        let limit = kind.Of(load.Rpm)
        where limit.BurstSeconds * limit.Amount / 60 is null or > 1000
        from scope in new[] { "deployment", "tenant" }
        select ($"{scope}, {kind.Name}, {sizes.Name}, {load.Rpm} rpm, {load.Callers} callers and {load.Others} a second, wait {load.Wait}", With(scope, limit) with
        {
            Charges = id => new(1, sizes.Of(id), 0, 0, 1),
            Callers = load.Callers,
            Newcomers = load.Others,
            NewcomersFor = Minute,
            MaxWait = TimeSpan.FromSeconds(load.Wait),
            Runs = TimeSpan.FromSeconds(1),
        });

    private static Comeback With(string scope, Limit limit) => new()
    {
        Spec = scope switch
        {
            "deployment" => World([], [limit], [], []),
            "account" => World([limit], [], [], []),
            "tenant" => World([], [], [limit], []),
            _ => World([], [], [], [limit]),
        },
        User = "u",
        Length = TimeSpan.FromMinutes(30),
    };

    private static LimiterSpec World(IReadOnlyList<Limit> account, IReadOnlyList<Limit> deployment, IReadOnlyList<Limit> tenant, IReadOnlyList<Limit> user) => new()
    {
        Accounts = [new("one", account)],
        Deployments = [new("one/m", "one", deployment)],
        Routes = [new("m", ["one/m"], [])],
        Tenants = [new("a", 1, tenant, user)],
    };

    private static LimiterSpec Two(Limit first, Limit second) => new()
    {
        Accounts = [new("one", []), new("two", [])],
        Deployments = [new("one/m", "one", [first]), new("two/m", "two", [second])],
        Routes = [new("m", ["one/m", "two/m"], [])],
        Tenants = [new("a", 1, [], [])],
    };

    private static Limit Bucket(long amount) => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 };

    private static LimiterSpec Limited(Limit deployment, params IReadOnlyList<Limit>[] tenants) =>
        World([], [deployment], [], []) with { Tenants = [.. tenants.Select((limits, i) => new TenantSpec($"t{i}", 1, limits, []))] };

    private static LimiterSpec Weighing(LimiterSpec spec, params double[] weights) =>
        spec with { Tenants = [.. weights.Select((weight, i) => new TenantSpec($"t{i}", weight, [], []))] };
}
