using FuncLimiter.Gateway.Operations.Preflight;
using Xunit.Abstractions;

namespace FuncLimiter.Gateway.Tests.Operators;

public sealed class RunPreflightTests(ITestOutputHelper output)
{
    private const int Runs = 50;

    [Fact]
    public void Foresee_OfFiftyRunsUnderMixedLoads_HoldsTheTrueTimeInItsRange()
    {
        var (inside, widths) = (0, new List<double>());
        for (var seed = 0; seed < Runs; seed++)
        {
            using var floor = new VirtualFloor(seed);
            var (foreseen, truth) = floor.Run();
            var range = foreseen.Forecast!.Seconds(RunPreflight.Confidence);
            inside += truth >= range.Low && truth <= range.High ? 1 : 0;
            widths.Add(range.High / range.Low);
            output.WriteLine($"{seed}: {range.Low:0.0} to {range.High:0.0}, likely {range.Likely:0.0}, in truth {truth:0.0} s; {floor.Story}");
        }

        widths.Sort();
        output.WriteLine($"{inside} of {Runs} inside; width {widths[Runs / 2]:0.00} in the middle, {widths[Runs * 9 / 10]:0.00} at nine in ten");
        Assert.InRange(inside, 0.85 * Runs, Runs);

        // A range from nothing to for ever would hold every truth.
        Assert.InRange(widths[Runs / 2], 1, 2.5);
        Assert.InRange(widths[Runs * 9 / 10], 1, 6);
    }
}
