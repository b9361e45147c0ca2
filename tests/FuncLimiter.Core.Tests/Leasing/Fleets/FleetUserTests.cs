using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

public class FleetUserTests(ITestOutputHelper output)
{
    private static readonly LeasePolicy Policy = new();
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<int, Limit> Fleets
    {
        get
        {
            var data = new TheoryData<int, Limit>();
            foreach (var instances in (int[])[1, 3, 50])
            {
                data.Add(instances, new(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 });
                data.Add(instances, new(Dimension.Tokens, 30_000, Minute, LimitAlgorithm.Sliding));
                data.Add(instances, new(Dimension.Concurrent, 4, TimeSpan.Zero, LimitAlgorithm.Concurrency));
            }

            return data;
        }
    }

    /// <summary>Each of five users has calls waiting at every instance: with a limit at each instance it would have as many times its own.</summary>
    [Theory]
    [MemberData(nameof(Fleets))]
    public void AUser_WithCallsAtEveryInstance_NeverHasMoreThanItsLimit(int instances, Limit limit)
    {
        var world = Fleet(instances, limit, new Source("t1", Priority.Standard, Math.Max(5, 100 / instances), 100, 900) { Users = 5 });

        world.RunFor(Policy.Duration.TotalSeconds + 120);

        Assert.Empty(world.Provider.Exceeded);
        Assert.All(Enumerable.Range(0, 5), user => Assert.True(world.Provider.Total($"user:t1/u{user}") > 0));
    }

    /// <summary>100 users, most calls at an instance where the user's last call was long ago: the owners of tenants are asked for users all the time.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public void OwnersOfUsers_AreAskedTenTimesASecondAtMost(int instances)
    {
        var limit = new Limit(Dimension.Requests, 600, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 };
        var world = Fleet(instances, limit, new Source("t1", Priority.Standard, 1_000 / instances, 100, 900) { Users = 100 });
        world.RunFor(Policy.Duration.TotalSeconds + 10);
        var (operations, admitted) = (world.Operations, world.Admitted);

        world.RunFor(20);

        (operations, admitted) = (world.Operations - operations, world.Admitted - admitted);
        output.WriteLine($"{instances} instances: {admitted / 20} calls and {operations / 20.0:0.0} operations a second, {operations * 1000.0 / admitted:0.0} for 1,000 calls");
        Assert.Empty(world.Provider.Exceeded);
        Assert.InRange(operations / 20.0, 0, 2 * Policy.AsksPerSecond);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public void AUser_WithCallsAtOneInstanceOnly_HasAllOfItsLimit(int instances)
    {
        var limit = new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 };
        var world = Fleet(instances, limit, new Source("t1", Priority.Standard, 10, 100, 900) { Users = 1, At = 1 });
        world.RunFor(Policy.Duration.TotalSeconds + 10);
        var before = world.Provider.Total("user:t1/u0");

        world.RunFor(60);

        Assert.InRange(world.Provider.Total("user:t1/u0") - before, 0.9 * 60, 66);
        Assert.Empty(world.Provider.Exceeded);
    }

    [Fact]
    public void Users_OfInstancesThatDie_AreHeldToTheirLimits()
    {
        var limit = new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 };
        var world = new FleetWorld(
            Setup(10, limit, new Source("t1", Priority.Standard, 10, 100, 900) { Users = 5 }) with
            {
                Life = TimeSpan.FromSeconds(60),
                LongestDelay = TimeSpan.FromSeconds(3),
                Loss = 0.1,
                Repetition = 0.1,
            },
            seed: 3);

        world.RunFor(200);

        Assert.Empty(world.Provider.Exceeded);
        Assert.True(world.Admitted > 200, $"{world.Admitted}");
    }

    [Fact]
    public void OfUsersThatCallNoMore_NothingIsKept()
    {
        var limit = new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 };
        var (scope, now) = (LeaseScope.OfTenant("t1", Policy), Instant.Distant + TimeSpan.FromDays(1));
        var owner = LeaseOwner.Open(scope, Spec(limit), Policy, null, now);
        Assert.Single(owner.Answer(Asking("user:t1/ann"), now).Budgets);
        Assert.Single(owner.Save().Books);

        owner.Answer(new(scope, []), now + TimeSpan.FromMinutes(5));

        Assert.Empty(owner.Save().Books);

        ScopeAsk Asking(string budget) => new(scope, [new(budget, new("i", 1, 0, [], [new(0, 0, 0, 1, [])]))]);
    }

    [Fact]
    public void MoreUsersThanAllowed_AreNotLentTo()
    {
        var limit = new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket);
        var (policy, now) = (Policy with { MaxUsers = 2 }, Instant.Distant + TimeSpan.FromDays(1));
        var scope = LeaseScope.OfTenant("t1", policy);
        var owner = LeaseOwner.Open(scope, Spec(limit), policy, null, now);

        var answer = owner.Answer(new(scope, [.. Enumerable.Range(0, 3).Select(i => new BudgetAsk($"user:t1/u{i}", new("i", 1, 0, [], [new(0, 0, 0, 1, [])])))]), now);

        Assert.Equal(["user:t1/u0", "user:t1/u1"], answer.Budgets.Select(budget => budget.Budget));
    }

    private static FleetWorld Fleet(int instances, Limit limit, Source source) => new(Setup(instances, limit, source), seed: 1);

    private static FleetSetup Setup(int instances, Limit limit, Source source) => new()
    {
        Spec = Spec(limit),
        Policy = Policy,
        Instances = instances,
        Sources = [source],
    };

    private static LimiterSpec Spec(Limit limit) => new()
    {
        Accounts = [new("a", [])],
        Deployments = [new("a/m", "a", [new(Dimension.Requests, 600_000, Minute, LimitAlgorithm.Bucket)])],
        Routes = [new("m", ["a/m"], [])],
        Tenants = [new("t1", 1, [], [limit])],
        Queue = new() { MaxWait = [.. Enumerable.Repeat(TimeSpan.FromHours(1), 3)] },
    };
}
