using FuncLimiter.Functions.Activities;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>One generation of a list of calls.</summary>
internal sealed class BatchRound(TaskOrchestrationContext context, JobTicket ticket)
{
    /// <summary>Calls under way at once. What they may use is the limiter's to say; this bounds the history and the activities.</summary>
    private const int MostRunning = 64;

    /// <summary>With so many asleep their limits are the bottleneck: beginning more would only put more to sleep.</summary>
    private const int MostSleeping = 512;

    /// <summary>Legs of one generation.</summary>
    private const int MostLegs = 400;

    private readonly List<Task<LegOutcome>> _running = [];
    private readonly List<SleepingCall> _sleeping = [.. ticket.Sleeping];
    private int _next = ticket.Next;
    private JobTally _ended = ticket.Ended;
    private int _legs;

    private bool HasLegs => _legs < MostLegs;

    /// <returns>What is left for the next generation; null where the job has ended.</returns>
    public async Task<JobTicket?> RunAsync()
    {
        using var over = new CancellationTokenSource();
        var cancelled = context.WaitForExternalEvent<bool>(PacedCall.Cancel, over.Token);
        while (_ended.Sum() < ticket.Total)
        {
            Begin(cancelled.IsCompleted);
            if (cancelled.IsCompleted && _running.Count == 0)
            {
                _ended = _ended with { Cancelled = _ended.Cancelled + ticket.Total - _ended.Sum() };
                break;
            }

            if (!HasLegs && _running.Count == 0)
            {
                return ticket with { Next = _next, Sleeping = _sleeping, Ended = _ended };
            }

            context.SetCustomStatus(new JobStatus(_running.Count, _ended, FirstDue()));
            await WaitAsync(cancelled);
            Take();
        }

        over.Cancel();
        await JobEnd.RunAsync(context, ticket.Job, _ended);
        return null;
    }

    private void Begin(bool isCancelled)
    {
        while (!isCancelled && HasLegs && _running.Count < MostRunning && TakeDue() is { } call)
        {
            _legs++;
            _running.Add(Steps.CallAsync<LegOutcome>(context, nameof(RunLeg), new LegInput(ticket.Job, call.Index, call.Leg)));
        }
    }

    private SleepingCall? TakeDue()
    {
        if (_sleeping.MinBy(call => call.WakeAt) is { } first && first.WakeAt <= context.CurrentUtcDateTime)
        {
            _sleeping.Remove(first);
            return first;
        }

        return _next < ticket.Total && _sleeping.Count < MostSleeping ? new SleepingCall(_next++, 0, DateTimeOffset.MinValue) : null;
    }

    private DateTimeOffset? FirstDue() => _sleeping.Count > 0 ? _sleeping.Min(call => call.WakeAt) : null;

    /// <summary>Until a leg ends, a sleeper is due that may run, or the job is given up.</summary>
    private async Task WaitAsync(Task cancelled)
    {
        using var awake = new CancellationTokenSource();
        List<Task> events = [.. _running];
        if (!cancelled.IsCompleted)
        {
            events.Add(cancelled);
            if (HasLegs && _running.Count < MostRunning && FirstDue() is { } due)
            {
                events.Add(context.CreateTimer(due.UtcDateTime, awake.Token));
            }
        }

        await Task.WhenAny(events);
        awake.Cancel();
    }

    private void Take()
    {
        foreach (var leg in _running.Where(leg => leg.IsCompleted).ToArray())
        {
            _running.Remove(leg);
            var outcome = leg.GetAwaiter().GetResult();
            if (outcome.Ended is { } state)
            {
                _ended = _ended.With(state);
            }
            else
            {
                _sleeping.Add(new SleepingCall(outcome.Index, outcome.Leg, outcome.WakeAt));
            }
        }
    }
}
