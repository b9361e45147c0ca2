using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7, each overload by itself: of the callers who come back within two seconds of the time they were told, at least 95 % go out
/// at once.
/// </summary>
public class ComebackTests(ITestOutputHelper output)
{
    private const double Honest = 0.95;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Overloads => [.. All.Keys];

    private static Dictionary<string, Comeback> All { get; } = Make();

    [Theory]
    [MemberData(nameof(Overloads))]
    public void RefusedCallers_WhoComeBackWhenTold_GoOutAtOnce(string overload)
    {
        var result = All[overload].Run();
        output.WriteLine($"{overload}: {result}");

        Assert.True(result.Returned > 0, "Nobody came back.");
        Assert.True(result.Part >= Honest, $"{overload}: {result}");
    }

    [Fact]
    public void Comebacks_FailFor_TellingEverybodyTheSame() =>
        Assert.True((All["deployment 60 rpm, 60 callers, distinct"] with { Told = (_, now) => now + TimeSpan.FromSeconds(10) }).Run().Part < Honest);

    [Fact]
    public void Comebacks_FailFor_NotKnowingWhoIsBackAmongOthers() =>
        Assert.True((All["deployment 60 rpm, others arriving"] with { Likeness = Likeness.Changing }).Run().Part < Honest);

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Overload_WhoeverComesBack_UsesTheBudget(double returns)
    {
        var result = new Comeback { Spec = Deployment(Rpm(60, 5)), Callers = 60, Newcomers = 2, Returns = returns, Length = TimeSpan.FromMinutes(10) }.Run();

        Assert.InRange(result.Admitted, (returns == 0 ? 0.99 : 0.98) * 605, 606);
    }

    // Sixty calls are a minute's work for 60 a minute, however often each of them is tried.
    [Fact]
    public void CallersWhoComeTooEarly_AreToldNoLaterTimesForIt()
    {
        var result = new Comeback
        {
            Spec = Deployment(Rpm(60, 5)),
            Callers = 60,
            Told = (told, now) => Instant.Min(told, now + TimeSpan.FromSeconds(1)),
        }.Run();

        Assert.InRange(result.Farthest, 50, 65);
        Assert.Equal(60, result.Admitted);
        Assert.InRange(result.Last, 50, 65);
    }

    // Half of each bucket is kept in hand while nothing was answered, so half of it is held for those who are on their way; many are late at
    // the same time, and what is lost by that is lost once for all of them.
    [Theory]
    [InlineData(60, 1, 36)]
    [InlineData(600, 1, 40)]
    [InlineData(600, 2, 20)]
    [InlineData(600, 3, 12)]
    [InlineData(6000, 1, 36)]
    [InlineData(6000, 2, 16)]
    public void CallersOfASmallBurst_AreToldTimesAsNearAsTheyCanBeServed(int rpm, double burst, double farthest)
    {
        var overload = new Comeback { Spec = Deployment(Rpm(rpm, burst)), Callers = rpm / 6, MaxWait = TimeSpan.FromSeconds(1) };

        var result = overload.Run();
        output.WriteLine($"{rpm} rpm: {result}, told {result.Farthest} s at most");

        Assert.True(result.Part >= Honest, $"{result}");
        Assert.InRange(result.Farthest, 5, farthest);
        Assert.Equal(overload.Callers, result.Admitted);
    }

    // Room that is held is used from when its caller comes, and for as long as a call runs.
    [Fact]
    public void Callers_OfPlacesThatAreHeldForOthers_AreToldWhenThoseWillHaveCalled()
    {
        var overload = new Comeback
        {
            Spec = Deployment(Slots(19)),
            Callers = 100,
            Newcomers = 6,
            Length = TimeSpan.FromSeconds(40),
            Runs = TimeSpan.FromSeconds(1.5),
            MaxWait = TimeSpan.FromSeconds(1),
        };

        var results = Enumerable.Range(1, 20).Select(overload.Run).ToList();
        output.WriteLine($"{results.Average(result => result.Part):0.000} at once");

        Assert.All(results, result => Assert.True(result.Part >= Honest, $"{result}"));
    }

    // Of few callers one that is missed is more than may be: so it may be in one crowd of twenty at most.
    [Theory]
    [InlineData("deployment", 10)]
    [InlineData("account", 10)]
    [InlineData("tenant", 10)]
    [InlineData("user", 10)]
    [InlineData("concurrency", 10)]
    [InlineData("deployment", 20)]
    [InlineData("account", 20)]
    [InlineData("tenant", 20)]
    [InlineData("user", 20)]
    [InlineData("concurrency", 20)]
    public void SmallCrowds_WhoComeBackWhenTold_GoOutAtOnce(string scope, int callers)
    {
        var limit = scope == "concurrency" ? Slots((long)Math.Ceiling(callers * 0.3)) : Rpm(callers * 12, 2);
        var overload = new Comeback
        {
            Spec = scope switch { "account" => Account(limit), "tenant" => Tenant(limit), "user" => User(limit), _ => Deployment(limit) },
            User = "u",
            Callers = callers,
            Newcomers = callers * 0.06,
            NewcomersFor = TimeSpan.FromSeconds(5),
            Before = scope == "concurrency" ? 5 : 0,
            Runs = TimeSpan.FromSeconds(scope == "concurrency" ? 1.5 : 0.04),
            MaxWait = TimeSpan.FromSeconds(1),
        };

        var crowds = Enumerable.Range(1, 200).Select(overload.Run).ToList();
        var (returned, atOnce) = (crowds.Sum(crowd => crowd.Returned), crowds.Sum(crowd => crowd.AtOnce));
        output.WriteLine($"{scope}, {callers} callers: {atOnce} of {returned} at once; {crowds.Count(crowd => crowd.Part < Honest)} crowds below; told {crowds.Average(crowd => crowd.Farthest):0.0} s at most");
        output.WriteLine(string.Join(Environment.NewLine, crowds.Where(crowd => crowd.Part < Honest).Take(5)));

        Assert.True(atOnce >= Honest * returned, $"{atOnce} of {returned}");
        Assert.InRange(crowds.Count(crowd => crowd.Part < Honest), 0, crowds.Count / 20);
    }

    // What those leave who give up while they wait goes to who is there, and nobody who was told a time pays for it.
    [Theory]
    [InlineData("deployment")]
    [InlineData("account")]
    [InlineData("tenant")]
    [InlineData("user")]
    [InlineData("concurrency")]
    public void Crowds_OfWhomManyGiveUp_AreToldTimesThatHoldAndLoseNoRoom(string scope)
    {
        var limit = scope == "concurrency" ? Slots(6) : Rpm(120, 5);
        var overload = new Comeback
        {
            Spec = scope switch { "account" => Account(limit), "tenant" => Tenant(limit), "user" => User(limit), _ => Deployment(limit) },
            User = "u",
            Callers = 100,
            Newcomers = 1.5,
            NewcomersFor = TimeSpan.FromSeconds(30),
            Runs = TimeSpan.FromSeconds(scope == "concurrency" ? 2 : 0.5),
            MaxWait = TimeSpan.FromSeconds(8),
            Before = scope == "concurrency" ? 5 : 0,
            GivesUp = 1,
        };

        var crowds = Enumerable.Range(1, 40).Select(overload.Run).ToList();
        var (returned, atOnce, givenUp) = (crowds.Sum(crowd => crowd.Returned), crowds.Sum(crowd => crowd.AtOnce), crowds.Average(crowd => crowd.GivenUp));
        var (admitted, last) = (crowds.Average(crowd => crowd.Admitted), crowds.Average(crowd => crowd.Last));
        output.WriteLine($"{scope}: {givenUp:0} gave up, {atOnce} of {returned} at once, {crowds.Count(crowd => crowd.Part < Honest)} crowds below; {admitted:0} went out, the last at {last:0.0} s");
        output.WriteLine(string.Join(Environment.NewLine, crowds.Where(crowd => crowd.Part < Honest).Take(3)));

        Assert.True(givenUp >= 3, $"Only {givenUp} gave up.");
        Assert.True(atOnce >= Honest * returned, $"{atOnce} of {returned}");
        Assert.InRange(crowds.Count(crowd => crowd.Part < Honest), 0, crowds.Count / (scope == "concurrency" ? 2 : 20));
        Assert.All(crowds, crowd => Assert.True(crowd.Last < 120, $"{crowd}"));
    }

    private static Dictionary<string, Comeback> Make()
    {
        var cases = new Dictionary<string, Comeback>();
        var interactive = new Comeback { Spec = Deployment(Rpm(60, 5)) };
        foreach (var (name, likeness) in new[] { ("distinct", Likeness.Distinct), ("alike", Likeness.Alike), ("changing", Likeness.Changing) })
        {
            cases.Add($"deployment 60 rpm, 60 callers, {name}", interactive with { Likeness = likeness });
        }

        foreach (var callers in new[] { 10, 100, 1000 })
        {
            var rpm = callers switch { 10 => 12, 100 => 60, _ => 600 };
            foreach (var (name, limit, algorithm) in new[] { ("bucket", Rpm(rpm, 5), 0), ("full bucket", Rpm(rpm), 0), ("sliding", Rpm(rpm) with { Algorithm = LimitAlgorithm.Sliding }, 0) })
            {
                var burst = name == "bucket" ? rpm / 12 : rpm;
                var many = Math.Max(callers, burst + callers);
                cases.Add($"deployment {rpm} rpm {name}, {many} callers", new() { Spec = Deployment(limit), Callers = many, MaxWait = TimeSpan.FromSeconds(2) });
            }

            cases.Add($"deployment {rpm * 100} tpm, {callers} callers", new() { Spec = Deployment(Tpm(rpm * 100, 5)), Callers = callers, MaxWait = TimeSpan.FromSeconds(5) });
            cases.Add($"account {rpm} rpm, {callers} callers", new() { Spec = Account(Rpm(rpm, 5)), Callers = callers, MaxWait = TimeSpan.FromSeconds(5) });
            cases.Add($"tenant {rpm} rpm, {callers} callers", new() { Spec = Tenant(Rpm(rpm, 5)), Callers = callers, MaxWait = TimeSpan.FromSeconds(5) });
            cases.Add($"tenant {rpm * 100} tpm, {callers} callers", new() { Spec = Tenant(Tpm(rpm * 100, 5)), Callers = callers, MaxWait = TimeSpan.FromSeconds(5) });
            cases.Add($"user {rpm} rpm, {callers} callers", new() { Spec = User(Rpm(rpm, 5)), User = "u", Callers = callers, MaxWait = TimeSpan.FromSeconds(5) });
        }

        foreach (var scope in new[] { "deployment", "account", "tenant", "user" })
        {
            Func<Limit[], LimiterSpec> spec = scope switch { "deployment" => Deployment, "account" => Account, "tenant" => Tenant, _ => User };
            cases.Add($"{scope} 4 at once, 60 callers", new() { Spec = spec([Slots(4)]), User = "u", Callers = 60, MaxWait = TimeSpan.FromSeconds(4) });
            cases.Add($"{scope} 60 rpm, no waiting", new() { Spec = spec([Rpm(60, 5)]), User = "u", Callers = 60, MaxWait = TimeSpan.Zero });
            cases.Add($"{scope} 60 rpm, others arriving", new() { Spec = spec([Rpm(60, 5)]), User = "u", Callers = 60, Newcomers = 1.5, Length = TimeSpan.FromMinutes(5) });
            cases.Add($"{scope} 60 rpm, others arriving, alike and counting tries", new() { Spec = spec([Rpm(60, 5)]), User = "u", Callers = 60, Newcomers = 1.5, Likeness = Likeness.Counted, Length = TimeSpan.FromMinutes(5) });
        }

        cases.Add("user 30 rpm, 24 callers", new() { Spec = User(Rpm(30, 5)), User = "u", Callers = 24 });
        cases.Add("deployment 1 rpm, 100 background callers", new() { Spec = Deployment(Rpm(1)), Callers = 100, Priority = Priority.Background, Length = TimeSpan.FromHours(3) });
        cases.Add("deployment 60 rpm, 300 standard callers", interactive with { Callers = 300, Priority = Priority.Standard });
        cases.Add("deployment 60 rpm, tenants of weights 3 and 1", interactive with { Spec = Deployment(Rpm(60, 5)) with { Tenants = [new("a", 3, [], []), new("b", 1, [], [])] }, Tenants = ["a", "b"], Callers = 200 });
        cases.Add("deployment 60 rpm and 10000 tpm, 100 callers", interactive with { Spec = Deployment(Rpm(60, 5), Tpm(10_000, 5)), Callers = 100 });
        return cases;
    }

    private static Limit Rpm(long amount, double? burst = null) => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = burst };

    private static Limit Tpm(long amount, double? burst = null) => new(Dimension.Tokens, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = burst };

    private static Limit Slots(long amount) => new(Dimension.Concurrent, amount, TimeSpan.Zero, LimitAlgorithm.Concurrency);

    private static LimiterSpec World(IReadOnlyList<Limit> account, IReadOnlyList<Limit> deployment, IReadOnlyList<Limit> tenant, IReadOnlyList<Limit> user) => new()
    {
        Accounts = [new("one", account)],
        Deployments = [new("one/m", "one", deployment)],
        Routes = [new("m", ["one/m"], [])],
        Tenants = [new("a", 1, tenant, user)],
    };

    private static LimiterSpec Deployment(params Limit[] limits) => World([], limits, [], []);

    private static LimiterSpec Account(params Limit[] limits) => World(limits, [], [], []);

    private static LimiterSpec Tenant(params Limit[] limits) => World([], [], limits, []);

    private static LimiterSpec User(params Limit[] limits) => World([], [], [], limits);
}
