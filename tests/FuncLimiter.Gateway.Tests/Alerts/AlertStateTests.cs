using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Operations.Alerts;

namespace FuncLimiter.Gateway.Tests.Alerts;

public class AlertStateTests
{
    private static readonly AlertPolicy Policy = new();
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(0.8, AlertLevel.Warn)]
    [InlineData(0.9, AlertLevel.Act)]
    [InlineData(1.4, AlertLevel.Act)]
    public void Level_BeginsWithinFiveSecondsOfTheCrossing_WhateverTheLooksPhase(double use, AlertLevel level)
    {
        for (var phase = 0.0; phase < 1; phase += 0.1)
        {
            var (state, at) = (AlertState.Quiet, phase);
            while (state.Level != level)
            {
                state = state.Next(use, At(at), Policy);
                at += 1;
            }

            Assert.InRange(at - 1, 0, 5);
        }
    }

    [Fact]
    public void Peak_ThatIsOverAtOnce_RaisesNothing()
    {
        var state = Play(0, 0.95, 0.95, 0.5, 0.5, 0.95, 0.5);

        Assert.Equal(AlertLevel.Normal, state.Level);
    }

    [Fact]
    public void Level_WhenTheUseWaversAboutTheThreshold_ChangesOnce()
    {
        var random = new Random(7);
        var (state, changes) = (AlertState.Quiet, 0);
        for (var second = 0; second < 3_600; second++)
        {
            var next = state.Next(0.8 + (random.NextDouble() - 0.5) * 0.08, At(second), Policy);
            changes += next.Level != state.Level ? 1 : 0;
            state = next;
        }

        Assert.Equal((1, AlertLevel.Warn), (changes, state.Level));
    }

    [Fact]
    public void Level_EndsOnlyAfterACalmWhile_ClearlyBelow()
    {
        var state = Play(0, [.. Enumerable.Repeat(0.85, 5)]);
        state = Play(5, state, [.. Enumerable.Repeat(0.76, 60)]);
        Assert.Equal(AlertLevel.Warn, state.Level);

        state = Play(65, state, [.. Enumerable.Repeat(0.7, 15)]);
        Assert.Equal(AlertLevel.Warn, state.Level);

        state = Play(80, state, 0.7);
        Assert.Equal(AlertLevel.Normal, state.Level);
    }

    [Fact]
    public void Act_WhenItEndsAboveTheFirstThreshold_LeavesTheWarning()
    {
        var state = Play(0, [.. Enumerable.Repeat(0.95, 5)]);

        state = Play(5, state, [.. Enumerable.Repeat(0.83, 16)]);

        Assert.Equal(AlertLevel.Warn, state.Level);
    }

    private static AlertState Play(double from, params double[] uses) => Play(from, AlertState.Quiet, uses);

    private static AlertState Play(double from, AlertState state, params double[] uses) =>
        uses.Select((use, second) => (use, second)).Aggregate(state, (before, look) => before.Next(look.use, At(from + look.second), Policy));

    private static Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);
}
