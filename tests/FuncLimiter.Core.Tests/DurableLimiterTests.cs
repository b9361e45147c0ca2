using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests;

public class DurableLimiterTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Submit_WhenOnlyACheckpointIsMissing_WaitsForIt()
    {
        // Two calls fit at once; by the pace alone the first would be told to come back in a minute.
        var limiter = new Limiter(Durable(rpm: 3));
        Call first = Ask(), second = Ask(), third = Ask(), fourth = Ask();

        Assert.Equal(CallState.Waiting, limiter.Submit(first, Start));
        Assert.Equal(CallState.Waiting, limiter.Submit(second, Start));
        Keep(limiter);
        Keep(limiter);

        Assert.Equal(CallState.Admitted, first.State);
        Assert.Equal(CallState.Admitted, second.State);
        limiter.Submit(third, Start);
        Assert.Equal(CallState.Refused, limiter.Submit(fourth, Start));
    }

    // Who was refused before comes back tomorrow: it is in nobody's way today.
    [Fact]
    public void Submit_AfterALimitWasRaised_WaitsForTheCheckpoint_ThoughOthersAreBookedForLater()
    {
        var day = TimeSpan.FromDays(1);
        var limiter = new Limiter(Durable(rpm: 60) with { Tenants = [new("a", 1, [new(Dimension.Requests, 2, day, LimitAlgorithm.CalendarDay)], [])] });
        Call first = Ask(), second = Ask(), third = Ask(), fourth = Ask();
        limiter.Submit(first, Start);
        limiter.Submit(second, Start);
        Keep(limiter);
        Assert.Equal(CallState.Refused, limiter.Submit(third, Start));

        limiter.Controls.SetLimit("tenant:a", Dimension.Requests, day, 3, Start);

        Assert.Equal(CallState.Waiting, limiter.Submit(fourth, Start));
        Keep(limiter);
        Assert.Equal(CallState.Admitted, fourth.State);
    }

    // Before the first checkpoint is kept nothing goes out, whatever has room.
    [Theory]
    [InlineData("account:one")]
    [InlineData("deployment:one/m")]
    [InlineData("tenant:a")]
    [InlineData("user:a/u")]
    public void Refusal_WhileACheckpointIsMissing_NamesTheBudgetThatItsTimeHangsOn(string scarce)
    {
        var limiter = new Limiter(new()
        {
            Accounts = [new("one", [Rpm("account:one")])],
            Deployments = [new("one/m", "one", [Rpm("deployment:one/m")])],
            Routes = [new("m", ["one/m"], [])],
            Tenants = [new("a", 1, [Rpm("tenant:a")], [Rpm("user:a/u")])],
            IsDurable = true,
        });
        var calls = Enumerable.Range(0, 30).Select(_ => Ask("u")).ToList();

        calls.ForEach(call => limiter.Submit(call, Start));
        limiter.Advance(Start + TimeSpan.FromSeconds(0.25));

        var refusals = calls.FindAll(call => call.State == CallState.Refused).ConvertAll(call => call.Refusal!.Budget);
        Assert.NotEmpty(refusals);
        Assert.All(refusals, budget => Assert.Equal(scarce, budget));

        Limit Rpm(string budget) => new(Dimension.Requests, budget == scarce ? 60 : 6000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 2 };
    }

    private static void Keep(Limiter limiter)
    {
        limiter.BeginCheckpoint(Start);
        limiter.ConfirmCheckpoint(Start);
    }

    private static Call Ask(string? user = null) => new()
    {
        Route = "m",
        Tenant = "a",
        User = user,
        Priority = Priority.Standard,
        Consumer = new Charge(1, 0, 0, 0, 1),
        Provider = [new Charge(1, 0, 0, 0, 1)],
        MaxWait = TimeSpan.FromSeconds(10),
    };

    private static LimiterSpec Durable(long rpm) => new()
    {
        Accounts = [new("one", [])],
        Deployments = [new("one/m", "one", [new Limit(Dimension.Requests, rpm, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket)])],
        Routes = [new("m", ["one/m"], [])],
        IsDurable = true,
    };
}
