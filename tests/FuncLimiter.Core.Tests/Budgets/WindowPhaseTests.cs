using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class WindowPhaseTests
{
    [Fact]
    public void Observe_WhenTheResetIsExact_PlacesTheBoundaryWithinTheRoundTrip()
    {
        var phase = new WindowPhase(Minute);

        Assert.True(phase.Observe(Seconds(20.5), At(10), At(10.4)));

        Assert.True(phase.IsKnown);
        Assert.Equal(30.7, Since(phase.Boundary), 6);
        Assert.Equal(0.2, phase.Uncertainty.TotalSeconds, 6);
    }

    [Fact]
    public void Observe_WhenTheResetIsInWholeSeconds_AllowsForRoundingEitherWay()
    {
        var phase = new WindowPhase(Minute);

        phase.Observe(Seconds(20), At(10), At(10.4));

        Assert.Equal(30.2, Since(phase.Boundary), 6);
        Assert.Equal(1.2, phase.Uncertainty.TotalSeconds, 6);
    }

    [Fact]
    public void Observe_WhenReportsAgree_NarrowsTheBoundaryDown()
    {
        // The true boundary is at 30.7 s and every minute after; the provider rounds up.
        var phase = new WindowPhase(Minute);
        for (var sent = 0.0; sent < 600; sent += 3.37)
        {
            var stamped = sent + 0.1;
            var left = 60 - ((stamped - 30.7 + 6000) % 60);
            phase.Observe(Seconds(Math.Ceiling(left)), At(sent), At(sent + 0.2));
        }

        var off = (Since(phase.Boundary) - 30.7) % 60;
        Assert.InRange(Math.Min(Math.Abs(off), 60 - Math.Abs(off)), 0, phase.Uncertainty.TotalSeconds);
        Assert.InRange(phase.Uncertainty.TotalSeconds, 0, 0.7);
    }

    [Fact]
    public void Observe_WhenAReportDisagrees_BelievesTheNewOne()
    {
        var phase = new WindowPhase(Minute);
        phase.Observe(Seconds(20.5), At(10), At(10.4));

        Assert.False(phase.Observe(Seconds(20.4), At(70.1), At(70.5)));
        Assert.True(phase.Observe(Seconds(40.5), At(130), At(130.4)));

        Assert.Equal(170.7, Since(phase.Boundary), 6);
    }

    [Theory]
    [InlineData(-1, 10, 10.1)]
    [InlineData(70, 10, 10.1)]
    [InlineData(20.5, 10, 30)]
    public void Observe_WhenTheReportSaysNothingUseful_LeavesThePhaseUnknown(double resetIn, double sentAt, double now)
    {
        var phase = new WindowPhase(Minute);

        Assert.False(phase.Observe(Seconds(resetIn), At(sentAt), At(now)));

        Assert.False(phase.IsKnown);
    }
}
