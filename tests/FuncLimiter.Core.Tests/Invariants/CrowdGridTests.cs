using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7 for crowds of several classes and several tenants, at each kind of limit, alone and two at a time: a hundred callers at once, a
/// hundred with others who come meanwhile, and ten, each combination by itself.
/// </summary>
public class CrowdGridTests(ITestOutputHelper output)
{
    private const double Honest = 0.95;
    private const int Crowds = 3;
    private const int SmallCrowds = 10;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly double[][] Weights = [[1], [1, 1], [3, 1], [1, 1, 1, 1], [8, 4, 2, 1]];
    private static readonly Priority[][] Classes =
    [
        [Priority.Interactive],
        [Priority.Interactive, Priority.Standard],
        [Priority.Interactive, Priority.Standard, Priority.Background],
    ];

    private static readonly Limit Places = new(Dimension.Concurrent, 2, TimeSpan.Zero, LimitAlgorithm.Concurrency);

    public static TheoryData<string, string> Limits => Except([]);

    // One of a higher class, or of a tenant that is owed more, who comes after others were told a time may go before them. Where most of a crowd
    // went out at once, or few go at a time, that makes more than one in twenty late.
    public static TheoryData<string, string> LimitsWhileOthersCome => Except(new()
    {
        ["account"] = ["bucket of a minute", "fixed 10 s", "places"],
        ["deployment"] = ["bucket of a minute", "fixed 10 s", "places"],
        ["tenant"] = ["bucket of a minute", "places"],
        ["user"] = ["bucket of a minute", "places"],
        ["tenants, unlike, over a deployment's minute bucket"] = ["sliding minute", "fixed minute", "places"],
        ["tenants, unlike, over a deployment's bucket of 5 s"] = ["sliding minute", "fixed minute", "fixed 10 s", "places"],
        ["deployment, and two places of the account"] = ["places"],
    });

    // Those who come one by one are told one by one, before it is known who else comes; and of a whole minute's limit all ten go out at once.
    public static TheoryData<string, string> LimitsOfFew => Except(new()
    {
        ["account"] = ["bucket of 5 s", "bucket of a minute", "sliding minute", "fixed minute"],
        ["deployment"] = ["bucket of 5 s", "bucket of a minute", "sliding minute", "fixed minute"],
        ["tenant"] = ["bucket of a minute", "sliding minute", "fixed minute"],
        ["user"] = ["bucket of a minute", "sliding minute", "fixed minute"],
        ["tenants, unlike, over a deployment's bucket of 5 s"] = ["bucket of a minute", "sliding minute", "fixed minute", "fixed 10 s", "places"],
        ["deployment, and two places of the account"] = ["bucket of 5 s"],
    });

    private static Dictionary<string, Func<long, Limit>> Kinds { get; } = new()
    {
        ["bucket of 5 s"] = amount => Rpm(amount, LimitAlgorithm.Bucket) with { BurstSeconds = 5 },
        ["bucket of a minute"] = amount => Rpm(amount, LimitAlgorithm.Bucket),
        ["sliding minute"] = amount => Rpm(amount, LimitAlgorithm.Sliding),
        ["fixed minute"] = amount => Rpm(amount, LimitAlgorithm.Fixed),
        ["fixed 10 s"] = amount => new(Dimension.Requests, Math.Max(1, amount / 6), TimeSpan.FromSeconds(10), LimitAlgorithm.Fixed),
        ["places"] = amount => Places with { Amount = Math.Max(1, amount / 30) },
    };

    private static Dictionary<string, Func<Func<long, Limit>, long, int, LimiterSpec>> Scopes { get; } = new()
    {
        ["account"] = (limit, rpm, tenants) => World([limit(rpm)], [], _ => [], _ => [], tenants),
        ["deployment"] = (limit, rpm, tenants) => World([], [limit(rpm)], _ => [], _ => [], tenants),
        ["tenant"] = (limit, rpm, tenants) => World([], [], _ => [limit(rpm / tenants)], _ => [], tenants),
        ["user"] = (limit, rpm, tenants) => World([], [], _ => [], _ => [limit(rpm / tenants)], tenants),
        ["tenants, unlike, over a deployment's minute bucket"] = (limit, rpm, tenants) => World([], [Rpm(rpm, LimitAlgorithm.Bucket)], Unlike(limit, rpm, tenants), _ => [], tenants),
        ["tenants, unlike, over a deployment's bucket of 5 s"] = (limit, rpm, tenants) => World([], [Rpm(rpm, LimitAlgorithm.Bucket) with { BurstSeconds = 5 }], Unlike(limit, rpm, tenants), _ => [], tenants),
        ["tenants, unlike, over a deployment's sliding minute"] = (limit, rpm, tenants) => World([], [Rpm(rpm, LimitAlgorithm.Sliding)], Unlike(limit, rpm, tenants), _ => [], tenants),
        ["deployment, and two places of the account"] = (limit, rpm, tenants) => World([Places], [limit(rpm)], _ => [], _ => [], tenants),
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void RefusedCallers_OfSeveralClassesAndTenants_GoOutAtOnceWhenTold(string scope, string kind) =>
        Check((weights, classes) => Overload(scope, kind, 60, weights, classes), Crowds);

    [Theory]
    [MemberData(nameof(LimitsWhileOthersCome))]
    public void RefusedCallers_WhileOthersCome_GoOutAtOnceWhenTold(string scope, string kind) =>
        Check((weights, classes) => Overload(scope, kind, 60, weights, classes) with { Newcomers = 0.5, NewcomersFor = Minute }, Crowds);

    [Theory]
    [MemberData(nameof(LimitsOfFew))]
    public void RefusedCallers_OfFew_GoOutAtOnceWhenTold(string scope, string kind) =>
        Check((weights, classes) => Overload(scope, kind, 12, weights, classes) with { Callers = 10 }, SmallCrowds);

    private void Check(Func<double[], Priority[], Comeback> overloadOf, int runs)
    {
        foreach (var weights in Weights)
        {
            foreach (var classes in Classes)
            {
                var overload = overloadOf(weights, classes);
                var crowds = Enumerable.Range(1, runs).Select(overload.Run).ToList();
                var (returned, atOnce) = (crowds.Sum(crowd => crowd.Returned), crowds.Sum(crowd => crowd.AtOnce));
                var name = $"{classes.Length} classes, weights {string.Join(", ", weights)}";
                output.WriteLine($"{name}: {atOnce} of {returned} at once; the last at {crowds.Max(crowd => crowd.Last):0} s");

                Assert.True(returned > 0, $"{name}: nobody came back.");
                Assert.True(atOnce >= Honest * returned, $"{name}: {atOnce} of {returned}; {crowds.MinBy(crowd => crowd.Part)}");
            }
        }
    }

    private static TheoryData<string, string> Except(Dictionary<string, string[]> left)
    {
        var data = new TheoryData<string, string>();
        foreach (var scope in Scopes.Keys)
        {
            foreach (var kind in Kinds.Keys.Except(left.GetValueOrDefault(scope, [])))
            {
                data.Add(scope, kind);
            }
        }

        return data;
    }

    private static Comeback Overload(string scope, string kind, long rpm, double[] weights, Priority[] classes)
    {
        var spec = Scopes[scope](Kinds[kind], rpm, weights.Length);
        return new()
        {
            Spec = spec with { Tenants = [.. spec.Tenants.Select((tenant, i) => tenant with { Weight = weights[i] })] },
            Tenants = [.. spec.Tenants.Select(tenant => tenant.Id)],

            // Class and tenant do not hang on one another: every pair of them comes.
            Classes = [.. classes.SelectMany(one => Enumerable.Repeat(one, weights.Length))],
            User = "u",
            Callers = 100,
            MaxWait = TimeSpan.FromSeconds(2),
            Before = kind == "places" || scope.Contains("place", StringComparison.Ordinal) ? 3 : 0,
            Length = TimeSpan.FromHours(2),
        };
    }

    private static Limit Rpm(long amount, LimitAlgorithm algorithm) => new(Dimension.Requests, amount, Minute, algorithm);

    private static Func<int, IReadOnlyList<Limit>> Unlike(Func<long, Limit> limit, long rpm, int tenants) =>
        tenant => [limit(Math.Max(1, tenant == 0 ? rpm / tenants / 2 : rpm / tenants * 2))];

    private static LimiterSpec World(
        IReadOnlyList<Limit> account, IReadOnlyList<Limit> deployment, Func<int, IReadOnlyList<Limit>> tenant, Func<int, IReadOnlyList<Limit>> user, int tenants) => new()
        {
            Accounts = [new("one", account)],
            Deployments = [new("one/m", "one", deployment)],
            Routes = [new("m", ["one/m"], [])],
            Tenants = [.. Enumerable.Range(0, tenants).Select(i => new TenantSpec($"t{i}", 1, tenant(i), user(i)))],
        };
}
