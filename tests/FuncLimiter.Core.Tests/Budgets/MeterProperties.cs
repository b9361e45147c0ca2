using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class MeterProperties
{
    [Theory]
    [InlineData(1000, 60, 0)]
    [InlineData(1000, 60, 50)]
    [InlineData(100, 3, 50)]
    public void Bucket_ThroughAnyLife_IsWhatItsDefinitionSays(long amount, double windowSeconds, int jitterMs) =>
        ForAll(30, steps =>
        {
            var bucket = new ContinuousBucket(new(Dimension.Tokens, amount, Seconds(windowSeconds), LimitAlgorithm.Bucket), CautionOf(jitterMs));
            var guard = Math.Min(amount / 2.0, amount / windowSeconds * jitterMs / 1000);
            var takes = 0;
            MeterHistory.Compare(
                steps, bucket, new ReferenceBucket(amount, amount / windowSeconds, guard), amount, () => ++takes < 12);
        });

    [Theory]
    [InlineData(1000, 60, 0)]
    [InlineData(1000, 60, 50)]
    [InlineData(100, 3, 50)]
    public void Bucket_WhenMoreIsUnderWayThanItTellsApart_IsNeverTheMoreGenerous(long amount, double windowSeconds, int jitterMs) =>
        ForAll(150, steps =>
        {
            var bucket = new ContinuousBucket(new(Dimension.Tokens, amount, Seconds(windowSeconds), LimitAlgorithm.Bucket), CautionOf(jitterMs));
            var guard = Math.Min(amount / 2.0, amount / windowSeconds * jitterMs / 1000);
            MeterHistory.Compare(
                steps, bucket, new ReferenceBucket(amount, amount / windowSeconds, guard), amount, () => false);
        });

    [Theory]
    [InlineData(1000, 60, 0)]
    [InlineData(1000, 60, 50)]
    [InlineData(100, 3, 50)]
    public void Window_ThroughAnyLife_IsWhatItsDefinitionSays(long amount, double windowSeconds, int jitterMs) =>
        ForAll(150, steps =>
        {
            var window = new SlidingWindow(new(Dimension.Tokens, amount, Seconds(windowSeconds), LimitAlgorithm.Sliding), CautionOf(jitterMs));
            MeterHistory.Compare(
                steps, window, new ReferenceWindow(amount, Seconds(windowSeconds + (jitterMs / 1000.0))), amount, () => true);
        });

    [Fact]
    public void Window_WhenMoreIsTakenThanItTellsApart_IsNeverTheMoreGenerousAndHardlyLess()
    {
        var window = new SlidingWindow(new(Dimension.Tokens, 100_000, Minute, LimitAlgorithm.Sliding), Caution.None());
        var reference = new ReferenceWindow(100_000, Minute);
        for (var i = 0; i < 5000; i++)
        {
            window.Take(30, At(i * 0.02));
            reference.Take(30, At(i * 0.02));
        }

        var used = window.Used(At(100));
        Assert.InRange(used, reference.Used(At(100)), reference.Used(At(100)) * 1.01);
    }

    private static void ForAll(int mostSteps, Action<MeterStep[]> holds) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(MeterHistory.Histories(mostSteps), holds));

    private static Caution CautionOf(int jitterMs) => jitterMs == 0 ? Caution.None() : new();
}
