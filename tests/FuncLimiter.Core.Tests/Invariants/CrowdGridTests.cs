using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7 for crowds of several classes and several tenants, at each kind of limit, alone and two at a time: a hundred callers at once,
/// each combination by itself.
/// </summary>
public class CrowdGridTests(ITestOutputHelper output)
{
    private const double Honest = 0.95;
    private const int Crowds = 3;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly double[][] Weights = [[1], [1, 1], [3, 1], [1, 1, 1, 1], [8, 4, 2, 1]];
    private static readonly Priority[][] Classes =
    [
        [Priority.Interactive],
        [Priority.Interactive, Priority.Standard],
        [Priority.Interactive, Priority.Standard, Priority.Background],
    ];

    private static readonly Limit Minutes = Rpm(60, LimitAlgorithm.Bucket);
    private static readonly Limit Places = new(Dimension.Concurrent, 2, TimeSpan.Zero, LimitAlgorithm.Concurrency);

    public static TheoryData<string, string> Limits
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var scope in Scopes.Keys)
            {
                foreach (var kind in Kinds.Keys)
                {
                    data.Add(scope, kind);
                }
            }

            return data;
        }
    }

    private static Dictionary<string, Func<long, Limit>> Kinds { get; } = new()
    {
        ["bucket of 5 s"] = amount => Rpm(amount, LimitAlgorithm.Bucket) with { BurstSeconds = 5 },
        ["bucket of a minute"] = amount => Rpm(amount, LimitAlgorithm.Bucket),
        ["sliding minute"] = amount => Rpm(amount, LimitAlgorithm.Sliding),
        ["fixed minute"] = amount => Rpm(amount, LimitAlgorithm.Fixed),
        ["fixed 10 s"] = amount => new(Dimension.Requests, Math.Max(1, amount / 6), TimeSpan.FromSeconds(10), LimitAlgorithm.Fixed),
        ["places"] = amount => Places with { Amount = Math.Max(1, amount / 30) },
    };

    private static Dictionary<string, Func<Func<long, Limit>, int, LimiterSpec>> Scopes { get; } = new()
    {
        ["account"] = (limit, tenants) => World([limit(60)], [], _ => [], _ => [], tenants),
        ["deployment"] = (limit, tenants) => World([], [limit(60)], _ => [], _ => [], tenants),
        ["tenant"] = (limit, tenants) => World([], [], _ => [limit(60 / tenants)], _ => [], tenants),
        ["user"] = (limit, tenants) => World([], [], _ => [], _ => [limit(60 / tenants)], tenants),
        ["tenants, unlike, over a deployment's minute bucket"] = (limit, tenants) => World([], [Minutes], Unlike(limit, tenants), _ => [], tenants),
        ["tenants, unlike, over a deployment's bucket of 5 s"] = (limit, tenants) => World([], [Minutes with { BurstSeconds = 5 }], Unlike(limit, tenants), _ => [], tenants),
        ["tenants, unlike, over a deployment's sliding minute"] = (limit, tenants) => World([], [Rpm(60, LimitAlgorithm.Sliding)], Unlike(limit, tenants), _ => [], tenants),
        ["deployment, and two places of the account"] = (limit, tenants) => World([Places], [limit(60)], _ => [], _ => [], tenants),
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void RefusedCallers_OfSeveralClassesAndTenants_GoOutAtOnceWhenTold(string scope, string kind)
    {
        foreach (var weights in Weights)
        {
            foreach (var classes in Classes)
            {
                var overload = Overload(scope, kind, weights, classes);
                var crowds = Enumerable.Range(1, Crowds).Select(overload.Run).ToList();
                var (returned, atOnce) = (crowds.Sum(crowd => crowd.Returned), crowds.Sum(crowd => crowd.AtOnce));
                var name = $"{classes.Length} classes, weights {string.Join(", ", weights)}";
                output.WriteLine($"{name}: {atOnce} of {returned} at once; the last at {crowds.Max(crowd => crowd.Last):0} s");

                Assert.True(atOnce >= Honest * returned, $"{name}: {atOnce} of {returned}; {crowds.MinBy(crowd => crowd.Part)}");
            }
        }
    }

    private static Comeback Overload(string scope, string kind, double[] weights, Priority[] classes)
    {
        var spec = Scopes[scope](Kinds[kind], weights.Length);
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

    private static Func<int, IReadOnlyList<Limit>> Unlike(Func<long, Limit> limit, int tenants) =>
        tenant => [limit(Math.Max(1, tenant == 0 ? 60 / tenants / 2 : 60 / tenants * 2))];

    private static LimiterSpec World(
        IReadOnlyList<Limit> account, IReadOnlyList<Limit> deployment, Func<int, IReadOnlyList<Limit>> tenant, Func<int, IReadOnlyList<Limit>> user, int tenants) => new()
        {
            Accounts = [new("one", account)],
            Deployments = [new("one/m", "one", deployment)],
            Routes = [new("m", ["one/m"], [])],
            Tenants = [.. Enumerable.Range(0, tenants).Select(i => new TenantSpec($"t{i}", 1, tenant(i), user(i)))],
        };
}
