using FuncLimiter.Functions.Activities;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>Paces a job of one call: an activity tries to admit and call in one go, and a durable timer sleeps to the instant that it was told.</summary>
internal static class PacedCall
{
    /// <summary>The event that gives a job up.</summary>
    public const string Cancel = "Cancel";

    /// <summary>So many legs make a history long; then it begins anew.</summary>
    private const int MostLegs = 40;

    /// <summary>
    /// A call that waits for room asks for it before the time that it was told, since the instance may hold more since: so long after it fell
    /// asleep, then the less often the longer it sleeps.
    /// </summary>
    private static readonly TimeSpan FirstAsk = TimeSpan.FromSeconds(10);

    private const double AskGrowth = 3;

    /// <summary>A leg waits ten seconds by itself: what is due that soon need not ask.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromSeconds(12);

    /// <summary>The orchestrator.</summary>
    [Function(nameof(PacedCall))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var ticket = context.GetInput<JobTicket>()!.Checked();
        var call = ticket.Sleeping.Count > 0 ? ticket.Sleeping[0] : new SleepingCall(0, 0, DateTimeOffset.MinValue);
        using var ended = new CancellationTokenSource();
        var cancelled = context.WaitForExternalEvent<bool>(Cancel, ended.Token);
        var pause = FirstAsk;
        for (var legs = 0; ; legs++)
        {
            if (legs == MostLegs)
            {
                context.ContinueAsNew(ticket with { Sleeping = [call] });
                return;
            }

            var isEarly = call.WakeAt > context.CurrentUtcDateTime;
            context.SetCustomStatus(new JobStatus(1, ticket.Ended, null));
            var leg = await Steps.CallAsync<LegOutcome>(context, nameof(RunLeg), new LegInput(ticket.Job, call.Index, call.Leg));
            if (leg.Ended is { } state)
            {
                ended.Cancel();
                await JobEnd.RunAsync(context, ticket.Job, ticket.Ended.With(state));
                return;
            }

            pause = isEarly ? pause * AskGrowth : FirstAsk;
            call = new SleepingCall(call.Index, leg.Leg, leg.WakeAt, leg.WaitsForRoom);
            context.SetCustomStatus(new JobStatus(0, ticket.Ended, leg.WakeAt));
            if (await SleepAsync(context, NextAsk(call, context.CurrentUtcDateTime + pause), cancelled))
            {
                await JobEnd.RunAsync(context, ticket.Job, ticket.Ended.With(JobItemState.Cancelled));
                return;
            }
        }
    }

    private static DateTimeOffset NextAsk(SleepingCall call, DateTimeOffset early) =>
        call.WaitsForRoom && call.WakeAt - early > Near ? early : call.WakeAt;

    /// <returns>True where the job was given up before.</returns>
    private static async Task<bool> SleepAsync(TaskOrchestrationContext context, DateTimeOffset until, Task cancelled)
    {
        using var awake = new CancellationTokenSource();
        var timer = context.CreateTimer(until.UtcDateTime, awake.Token);
        if (await Task.WhenAny(timer, cancelled) == timer)
        {
            return false;
        }

        // Never CancelAsync here: it goes on on a thread of the pool, and orchestrators run on one thread.
        awake.Cancel();
        return true;
    }
}
