using FuncLimiter.Functions.Orchestrators;

namespace FuncLimiter.Functions.Tests.Jobs;

public class LegWindowTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Window_WhileNobodyIsSentAway_IsAtItsWidestSoon()
    {
        var window = new LegWindow(64);
        var now = Start;
        for (window.Advance(now); window.Size < 64; window.Advance(now))
        {
            now = window.WidensAt!.Value;
        }

        Assert.InRange(now - Start, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(20));
        Assert.Null(window.WidensAt);
    }

    [Fact]
    public void SentAway_NarrowsToWhatIsLeft_AndEachInVainPutsTheNextTryOff()
    {
        var window = new LegWindow(64);
        window.Advance(Start);
        for (var left = 15; left >= 2; left--)
        {
            window.SentAway(left, Start);
        }

        Assert.Equal(2, window.Size);
        var tries = new List<TimeSpan>();
        for (var now = Start; now < Start + TimeSpan.FromHours(7);)
        {
            now = window.WidensAt!.Value;
            window.Advance(now);
            Assert.Equal(3, window.Size);
            window.SentAway(2, now);
            tries.Add(now - Start);
        }

        Assert.InRange(tries[0], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.InRange(tries.Count, 5, 20);
    }

    [Fact]
    public void Ended_LetsTheWindowBeTriedSoonAgain()
    {
        var window = new LegWindow(64);
        var now = Start;
        for (var times = 0; times < 10; times++)
        {
            window.Advance(now);
            window.SentAway(1, now);
            now = window.WidensAt!.Value;
        }

        Assert.InRange(window.WidensAt!.Value - Start, TimeSpan.FromMinutes(5), TimeSpan.FromHours(3));
        var ended = now - TimeSpan.FromMinutes(10);
        window.Ended(ended);

        Assert.InRange(window.WidensAt!.Value - ended, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
