using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests;

public class LimiterTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Submit_WhenEverythingFits_AdmitsAtOnce()
    {
        var limiter = new Limiter(World(tpm: 60_000, burstSeconds: 6));

        Assert.Equal(CallState.Admitted, limiter.Submit(Ask("a", 1000), Start));
    }

    [Fact]
    public void Submit_WhenTheBucketIsEmpty_WaitsForTheExactInstant()
    {
        var limiter = new Limiter(World(tpm: 60_000, burstSeconds: 6));
        while (limiter.Submit(Ask("a", 1000), Start) == CallState.Admitted)
        {
        }

        // 6,000 tokens of burst less the first calls' second of jitter leave nothing for a sixth call's 1,000.
        Assert.Equal(1000, (limiter.NextWake - Start).TotalMilliseconds, 0.01);
        limiter.Advance(limiter.NextWake);
        Assert.True(limiter.TryTakeReleased(out var released));
        Assert.Equal(CallState.Admitted, released.State);
    }

    [Fact]
    public void Overload_UsesTheWholeLimitAndServesTenantsByWeight()
    {
        var limiter = new Limiter(World(
            tpm: 60_000, burstSeconds: 6, tenants: [new("a", 1, [], []), new("b", 3, [], [])]));
        var served = new Dictionary<string, long> { ["a"] = 0, ["b"] = 0 };
        var random = new Random(1);
        var now = Start;
        void Offer(string tenant)
        {
            var call = Ask(tenant, tenant == "a" ? random.Next(1, 2000) : random.Next(500, 800));
            if (limiter.Submit(call, now) == CallState.Admitted)
            {
                served[tenant] += call.Consumer.Tokens;
            }
        }

        for (var i = 0; i < 200; i++)
        {
            Offer("a");
            Offer("b");
        }

        while (now < Start + TimeSpan.FromMinutes(10))
        {
            limiter.Advance(now);
            while (limiter.TryTakeReleased(out var call))
            {
                Assert.Equal(CallState.Admitted, call.State);
                served[call.Tenant] += call.Consumer.Tokens;
                Offer(call.Tenant);
            }

            now = Instant.Min(limiter.NextWake, now + TimeSpan.FromSeconds(1));
        }

        var total = served["a"] + served["b"];
        Assert.InRange(total, 0.995 * (600_000 + 6_000), 606_000);
        Assert.InRange(served["b"] / (double)served["a"], 2.95, 3.05);
    }

    [Fact]
    public void Submit_WhenOnlyTheFirstCheckpointIsMissing_WaitsForItHoweverSlowTheLimit()
    {
        var limiter = new Limiter(World(tpm: 60, burstSeconds: 60) with { IsDurable = true });
        var call = Ask("a", 60, TimeSpan.FromSeconds(5));

        Assert.Equal(CallState.Waiting, limiter.Submit(call, Start));

        limiter.BeginCheckpoint(Start);
        limiter.ConfirmCheckpoint(Start);
        Assert.Equal(CallState.Admitted, call.State);
        Assert.Equal(CallState.Refused, limiter.Submit(Ask("a", 60, TimeSpan.FromSeconds(5)), Start));
    }

    [Fact]
    public void Observe_WhenTwoReadingsAreOfOneKind_GivesEachScopeTheOneOfItsOwnLimit()
    {
        var minute = TimeSpan.FromMinutes(1);
        var limiter = new Limiter(World(tpm: 60_000, burstSeconds: 60) with
        {
            Accounts = [new("one", [new(Dimension.Tokens, 600_000, minute, LimitAlgorithm.Bucket)])],
        });
        var call = Ask("a", 1000);
        limiter.Submit(call, Start);

        limiter.Observe(
            call.Reservation,
            new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, minute, 600_000, 150_000, null), new(Dimension.Tokens, minute, 60_000, 45_000, null)] },
            Start);

        var used = limiter.Report(Start).Budgets.ToDictionary(budget => budget.Name, budget => budget.Meters[0].Used);
        Assert.Equal((15_000, 450_000), (used["deployment:one/m"], used["account:one"]));
    }

    // In a crowd a call is told a quarter of a second later: till then it may be given up, and handed in again.
    [Fact]
    public void Crowd_OfWhomOneIsGivenUpAndHandedInAgain_IsToldOnceEach()
    {
        var limiter = new Limiter(World(tpm: 60, burstSeconds: 1));
        var calls = Enumerable.Range(0, 20).Select(_ => Ask("a", 1, TimeSpan.FromSeconds(2))).ToList();
        calls.ForEach(call => limiter.Submit(call, Start));
        var last = calls[^1];
        Assert.Equal(CallState.Waiting, last.State);

        Assert.True(limiter.Cancel(last, Start));
        Assert.Equal(CallState.Waiting, limiter.Submit(last, Start));
        limiter.Advance(Start + TimeSpan.FromSeconds(0.25));

        var ended = new List<Call>();
        while (limiter.TryTakeReleased(out var call))
        {
            ended.Add(call);
        }

        Assert.Equal(ended.Distinct().Count(), ended.Count);
        Assert.Contains(last, ended);
        Assert.Equal(CallState.Refused, last.State);
        Assert.Equal(calls.Count(call => call.State == CallState.Waiting), limiter.Waiting);
        Assert.InRange(limiter.Waiting, 1, 3);
    }

    private static LimiterSpec World(long tpm, double burstSeconds, IReadOnlyList<TenantSpec>? tenants = null) => new()
    {
        Accounts = [new("one", [])],
        Deployments = [new("one/m", "one", [new(Dimension.Tokens, tpm, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = burstSeconds }])],
        Routes = [new("m", ["one/m"], [])],
        Tenants = tenants ?? [],
    };

    private static Call Ask(string tenant, long tokens, TimeSpan? maxWait = null) => new()
    {
        Route = "m",
        Tenant = tenant,
        Priority = Priority.Background,
        MaxWait = maxWait,
        Consumer = new(1, tokens, 0, 0, 1),
        Provider = [new(1, tokens, 0, 0, 1)],
    };
}
