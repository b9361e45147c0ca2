using FuncLimiter.Core.Pacing;
using FuncLimiter.Functions.Storage;

namespace FuncLimiter.Functions.Tests.Storage;

public class LegRowTests
{
    /// <summary>What version 0.1 wrote of a call that waited for a rate limit to pass.</summary>
    private const string OfAnEarlierVersion = """
        {"Phase":2,"Places":2,"Seed":7,"Deadline":900,"BatchAllowed":false,"Attempts":1,"Overloads":1,"Waits":1,"Delay":"00:00:03","WakeAt":500,
        "Budget":"deployment:one/gpt-x","Place":0,"Deployment":"one/gpt-x","Held":false,"Closed":2,
        "Resting":[{"Place":0,"Deployment":"one/gpt-x","Until":500}],
        "Response":{"Outcome":2,"Retryable":true,"RetryAfter":"00:00:03","BytesDelivered":false,"TooLarge":false,"At":100},
        "InBatch":false,"Ending":0,"Last":{"event":"settled","At":100}}
        """;

    [Fact]
    public void State_OfACallThatAnEarlierVersionPutToSleep_IsGoneOnWith()
    {
        var row = new LegRow(new Row("job", "0") { Values = { ["Pacing"] = OfAnEarlierVersion } });

        var state = row.State;
        var (after, action) = PacingMachine.Next(state, new PacingEvent.TimerFired(state.WakeAt), PacingPolicy.Default);

        Assert.Equal((PacingPhase.Waiting, 1, 1, false), (state.Phase, state.Attempts, state.Overloads, state.WaitsForRoom));
        Assert.Equal(new PacingAction.Admit(0b10, state.Deadline), action);
        Assert.Equal(PacingPhase.Admitting, after.Phase);
    }

    [Fact]
    public void State_IsReadAsItWasPutToSleep()
    {
        var state = new PacingState { Phase = PacingPhase.Waiting, Places = 1, LastEvent = new PacingEvent.ToldToWait(new(1), new(9), "account:one"), WakeAt = new(9) };

        var read = LegRow.New("job", 0).Asleep(state, DateTimeOffset.UnixEpoch).State;

        Assert.Equal((state.Phase, state.WakeAt, state.LastEvent, true), (read.Phase, read.WakeAt, read.LastEvent, read.WaitsForRoom));
    }
}
