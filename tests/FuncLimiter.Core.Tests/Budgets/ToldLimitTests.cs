using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>A limit's three origins: what a person wrote, what the provider's API told, what its answers report. The least holds.</summary>
public class ToldLimitTests
{
    public static TheoryData<LimitAlgorithm> Algorithms() => [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Limit_ThatAPersonWrote_IsNeverExceeded(LimitAlgorithm algorithm)
    {
        var meter = Written(algorithm, 600);

        meter.TakeUp(1_000, At(0));
        Assert.Equal(600, meter.Effective);
        Report(meter, 2_000, 1);
        Assert.Equal(600, meter.Effective);
        meter.TakeUp(400, At(2));
        Assert.Equal(400, meter.Effective);
        meter.TakeUp(1_000, At(3));
        Assert.Equal(600, meter.Effective);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Limit_ThatIsToldNoMore_IsWhatWasWritten_AndLessWhereAnswersSaySo(LimitAlgorithm algorithm)
    {
        var meter = Written(algorithm, 600);

        Assert.False(meter.Withdraw(At(0)));
        meter.TakeUp(400, At(0));
        Assert.True(meter.Withdraw(At(1)));
        Assert.Equal((600, null), (meter.Effective, meter.Read));
        Report(meter, 500, 2);
        meter.TakeUp(300, At(3));
        Assert.Equal(300, meter.Effective);
        Assert.True(meter.Withdraw(At(4)));
        Assert.Equal(500, meter.Effective);
        meter.TakeUp(400, At(5));
        Assert.Equal(400, meter.Effective);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Limit_OfNobodysWriting_IsWhatWasTold_AndLessWhereAnswersSaySo(LimitAlgorithm algorithm)
    {
        var meter = Open(algorithm);

        Report(meter, 6_000, 0);
        Assert.Equal(6_000, meter.Effective);
        meter.TakeUp(5_000, At(1));
        Assert.Equal(5_000, meter.Effective);
        Report(meter, 6_000, 2);
        Assert.Equal(5_000, meter.Effective);
        Report(meter, 4_000, 3);
        Assert.Equal(4_000, meter.Effective);
        meter.TakeUp(5_000, At(4));
        Assert.Equal(4_000, meter.Effective);
        meter.TakeUp(8_000, At(5));
        Assert.Equal(8_000, meter.Effective);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Limit_WhenItGrows_HasRoomForWhatWasTakenAtOnce_AndNotAgain(LimitAlgorithm algorithm)
    {
        var meter = Written(algorithm, 100);
        meter.TakeUp(50, At(0));
        meter.Take(50, At(0));

        Assert.True(meter.FitsAt(20, At(0)) > At(0));
        meter.TakeUp(100, At(0));

        Assert.Equal(At(0), meter.FitsAt(40, At(0)));
        Assert.True(meter.FitsAt(60, At(0)) > At(0));
    }

    [Fact]
    public void Limit_ThatIsNone_HoldsNothingBack()
    {
        var meter = Open(LimitAlgorithm.Bucket);

        meter.TakeUp(null, At(0));
        meter.Take(1_000_000, At(0));

        Assert.Equal(At(0), meter.FitsAt(1_000_000, At(0)));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Limit_SurvivesARestart_UnlessThePersonsChanged(LimitAlgorithm algorithm)
    {
        var meter = Written(algorithm, 600);
        meter.TakeUp(500, At(0));
        Report(meter, 400, 1);
        var kept = meter.Save(0, At(2));

        var next = Written(algorithm, 600);
        next.Restore(kept, At(3));
        var other = Written(algorithm, 300);
        other.Restore(kept, At(3));

        Assert.Equal((400, 500L, 400L), (next.Effective, next.Read, next.Reported));
        Assert.Equal((300, (long?)null), (other.Effective, other.Read));
    }

    [Fact]
    public void Caution_SurvivesARestart_AndTheFirstCallsAreWaryAllTheSame()
    {
        var budget = new Budget("deployment:a/m", [Limit(LimitAlgorithm.Bucket, 600)], Caution.Unheard());
        for (var i = 0; i < 8; i++)
        {
            budget.Observe(new Observation(OutcomeKind.RateLimited), budget.Taken, At(i), At(i));
        }

        var kept = budget.Save(out _, At(10));
        var next = new Budget("deployment:a/m", [Limit(LimitAlgorithm.Bucket, 600)], Caution.Unheard());
        next.Restore(kept, At(20));

        Assert.True(budget.Caution.Factor < 1);
        Assert.Equal((budget.Caution.Factor, budget.Caution.Jitter), (next.Caution.Factor, next.Caution.Jitter));
        Assert.Equal(budget.Meters[0].Effective, next.Meters[0].Effective);
        next.Take(new Charge(1, 0, 0, 0, 0), At(20));
        Assert.Equal(TimeSpan.FromSeconds(1), next.Caution.Jitter);
    }

    private static Limit Limit(LimitAlgorithm algorithm, long amount) => new(Dimension.Requests, amount, Minute, algorithm);

    private static Meter Written(LimitAlgorithm algorithm, long amount) => Meter.Create(Limit(algorithm, amount), Caution.None());

    private static Meter Open(LimitAlgorithm algorithm) => Meter.Create(Limit(algorithm, 10) with { IsOpen = true }, Caution.None());

    private static void Report(Meter meter, long limit, double at) =>
        meter.Observe(new LimitReading(Dimension.Requests, Minute, limit, null, null), new(At(at)), At(at));
}
