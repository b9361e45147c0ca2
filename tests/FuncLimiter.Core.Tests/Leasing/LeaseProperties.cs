using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Tests.Leasing;

public class LeaseProperties
{
    private static readonly LeasePolicy Policy = new() { LongestCall = TimeSpan.FromSeconds(60), ClockMargin = TimeSpan.FromSeconds(1) };

    public static TheoryData<LimitAlgorithm> Algorithms => [.. Enum.GetValues<LimitAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Leases_UnderAnyLossRepetitionDelayDeathAndSkew_NeverLetOutMoreThanTheLimit(LimitAlgorithm algorithm)
    {
        var admitted = 0L;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var world = new LeaseWorld(seed, PolicyOf(seed), [LimitOf(algorithm, new Random(seed))]);
            world.Run(250);
            admitted += world.Admitted;
            var exceeded = world.Exceeded();
            return (exceeded is null).Label(exceeded ?? "");
        }));
        Assert.True(admitted > 100 * 10, $"Only {admitted} calls were let out: the worlds are too quiet to show anything.");
    }

    [Fact]
    public void Leases_OfSeveralLimitsAtOnce_KeepEveryOne() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(80),
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var limits = Enum.GetValues<LimitAlgorithm>().Select(algorithm => LimitOf(algorithm, random)).ToArray();
            var world = new LeaseWorld(seed, PolicyOf(seed), limits);
            world.Run(250);
            var exceeded = world.Exceeded();
            return (exceeded is null).Label(exceeded ?? "");
        }));

    // Leases of busy instances are shorter.
    private static LeasePolicy PolicyOf(int seed) => seed % 2 == 0 ? Policy : Policy with { CallsPerAsk = 0.5 };

    private static Limit LimitOf(LimitAlgorithm algorithm, Random random) => algorithm switch
    {
        LimitAlgorithm.Bucket => new(Dimension.Tokens, random.Next(600, 30_000), TimeSpan.FromMinutes(1), algorithm)
        {
            BurstSeconds = random.Next(3) == 0 ? null : 60 * Math.Exp(-4 * random.NextDouble()),
        },
        LimitAlgorithm.Sliding => new(Dimension.InputTokens, random.Next(600, 30_000), TimeSpan.FromSeconds(random.Next(5, 60)), algorithm),
        LimitAlgorithm.Fixed => new(Dimension.OutputTokens, random.Next(600, 30_000), TimeSpan.FromSeconds(random.Next(5, 60)), algorithm),
        LimitAlgorithm.CalendarDay => new(Dimension.Requests, random.Next(20, 300), TimeSpan.FromDays(1), algorithm),
        _ => new(Dimension.Concurrent, random.Next(1, 30), TimeSpan.Zero, algorithm),
    };
}
