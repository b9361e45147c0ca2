using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Core.Tests.Estimation;

public class DecayingHistogramTests
{
    private const int NoDecay = int.MaxValue;

    [Fact]
    public void Value_OfTheDocumentedExample_ReadsAsWorkedThere()
    {
        var histogram = new DecayingHistogram(4, 1_000_000, 0.9, NoDecay);
        for (var value = 1; value <= 100; value++)
        {
            histogram.Add(value);
        }

        Assert.Equal(91, histogram.Value);
        Assert.Equal(100, histogram.Count, 0.001);
    }

    [Fact]
    public void Value_WhileEmpty_IsZero() => Assert.Equal(0, new DecayingHistogram(4, 1_000, 0.9, 100).Value);

    [Fact]
    public void Value_OfSmallNumbers_IsExact()
    {
        var histogram = new DecayingHistogram(4, 1_000, 0.5, NoDecay);
        for (var value = 0; value < 31; value++)
        {
            histogram.Add(value);
        }

        Assert.Equal(15, histogram.Value);
    }

    [Fact]
    public void Count_AfterManyValues_SettlesAtWhatTheHalfLifeHolds()
    {
        var histogram = new DecayingHistogram(4, 1_000, 0.5, 100);
        for (var i = 0; i < 50_000; i++)
        {
            histogram.Add(i % 1_000);
        }

        Assert.Equal(1 / (1 - Math.Pow(2, -1.0 / 100)), histogram.Count, 0.5);
    }

    [Fact]
    public void Value_AfterAJump_IsHalfForgottenAfterOneHalfLife()
    {
        var histogram = new DecayingHistogram(4, 100_000, 0.5, 100);
        for (var i = 0; i < 10_000; i++)
        {
            histogram.Add(10);
        }

        for (var i = 0; i < 99; i++)
        {
            histogram.Add(20);
        }

        Assert.Equal(10, histogram.Value);

        histogram.Add(20);
        histogram.Add(20);
        Assert.Equal(20, histogram.Value);
    }

    [Fact]
    public void Value_OnAnyStream_IsTheTrueQuantileOrAtMostABucketAbove()
    {
        var streams =
            from quantile in Gen.Elements(0.05, 0.5, 0.9, 0.99)
            from precision in Gen.Choose(3, 6)
            from values in Gen.Choose(0, 2_000_000).Select(value => (long)value >> (value % 20)).NonEmptyListOf()
            select (quantile, precision, values: values.ToArray());

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(streams.ToArbitrary(), stream =>
        {
            var histogram = new DecayingHistogram(stream.precision, 2_000_000, stream.quantile, NoDecay);
            foreach (var value in stream.values)
            {
                histogram.Add(value);
            }

            var sorted = stream.values.Order().ToArray();
            var rank = stream.quantile * sorted.Length;
            var low = sorted[(int)Math.Ceiling(rank - 1e-6) - 1];
            var high = sorted[Math.Min(sorted.Length, (int)Math.Ceiling(rank + 1e-6)) - 1];
            return histogram.Value >= low && histogram.Value <= high * (1 + 1.0 / (1 << stream.precision));
        }));
    }

    [Fact]
    public void Value_AfterExportAndImport_IsTheSameAndGoesOnTheSame()
    {
        var streams = Gen.Choose(0, 3_000_000).NonEmptyListOf().Two().ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(streams, stream =>
        {
            var first = new DecayingHistogram(4, 1 << 22, 0.9, 50);
            var second = new DecayingHistogram(4, 1 << 22, 0.9, 50);
            foreach (var value in stream.Item1)
            {
                first.Add(value);
            }

            var taken = second.TryImport(first.Export());
            var sameAtOnce = Close(first, second);
            foreach (var value in stream.Item2)
            {
                first.Add(value);
                second.Add(value);
            }

            return taken && sameAtOnce && Close(first, second);
        }));

        static bool Close(DecayingHistogram left, DecayingHistogram right) =>
            Math.Abs(left.Value - right.Value) <= 0.001 * (1 + left.Value) && Math.Abs(left.Count - right.Count) < 0.001;
    }

    [Theory]
    [InlineData(new[] { 1, 1 }, new[] { 1.0, 1.0 })]
    [InlineData(new[] { 2, 1 }, new[] { 1.0, 1.0 })]
    [InlineData(new[] { -1 }, new[] { 1.0 })]
    [InlineData(new[] { 100_000 }, new[] { 1.0 })]
    [InlineData(new[] { 1 }, new[] { -1.0 })]
    [InlineData(new[] { 1 }, new[] { double.NaN })]
    [InlineData(new[] { 1 }, new[] { double.PositiveInfinity })]
    [InlineData(new[] { 1, 2 }, new[] { 1.0 })]
    public void TryImport_OfADamagedState_ChangesNothing(int[] buckets, double[] weights)
    {
        var histogram = new DecayingHistogram(4, 1_000, 0.5, 100);
        histogram.Add(7);

        Assert.False(histogram.TryImport(new HistogramState(buckets, weights)));
        Assert.Equal(7, histogram.Value);
    }
}
