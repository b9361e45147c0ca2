using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>What a provider sees and answers, shared by all processes.</summary>
internal sealed class ScriptedProvider
{
    /// <summary>The idempotency key of every call that reached it.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Waits that a call is told before it is let through, by its key; none where not named.</summary>
    public Func<string, IReadOnlyList<TimeSpan>> Waits { get; set; } = _ => [];

    /// <summary>Whether these are waits for the limiter's room, which may be there sooner.</summary>
    public bool WaitsAreForRoom { get; set; }

    public Func<string, int> Status { get; set; } = _ => 200;

    public TimeSpan Duration { get; set; } = TimeSpan.FromSeconds(1);

    public int AnswerBytes { get; set; } = 20;
}

/// <summary>Legs of calls as one process runs them, against a script.</summary>
internal sealed class ScriptedLegs(ScriptedProvider provider, TimeProvider time, Func<Task> pass) : ICallLegs
{
    public async Task<CallLeg> RunAsync(CallEnvelope call, PacingState state, CallTerms terms, CancellationToken cancellationToken)
    {
        var key = call.IdempotencyKey!;
        var waits = provider.Waits(key);
        if (state.WaitsForRoom && state.WakeAt > Instant.From(time.GetUtcNow()))
        {
            return new CallLeg(state, new PacingAction.WaitUntil(state.WakeAt), null);
        }

        if (state.Waits < waits.Count)
        {
            var until = Instant.From(time.GetUtcNow()) + waits[state.Waits];
            state = state with { Phase = PacingPhase.Waiting, Waits = state.Waits + 1, WakeAt = until };
            PacingEvent? last = provider.WaitsAreForRoom ? new PacingEvent.ToldToWait(Instant.From(time.GetUtcNow()), until, "account:one") : null;
            return new CallLeg(state with { LastEvent = last }, new PacingAction.WaitUntil(until), null);
        }

        Assert.True(Instant.From(time.GetUtcNow()) >= state.WakeAt, "The call was woken before its time.");
        await pass();
        provider.Calls.Add(key);
        await Task.Delay(provider.Duration, time, cancellationToken);
        await pass();
        var body = Encoding.UTF8.GetBytes($"{{\"answer\":\"{new string('x', provider.AnswerBytes)}\"}}");
        var result = new CallResult(provider.Status(key), [new("Content-Type", "application/json")], body, "one/gpt-x", new TokenUsage(), 1);
        return new CallLeg(state with { Phase = PacingPhase.Ended }, new PacingAction.Deliver(0), result);
    }
}
