using FuncLimiter.Functions.Activities;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>
/// Paces a list of calls: a bounded number of them under way, those that must wait asleep until their instants, progress as custom status,
/// and a new generation before the history grows.
/// </summary>
internal static class PacedBatch
{
    /// <summary>The orchestrator.</summary>
    [Function(nameof(PacedBatch))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var round = new BatchRound(context, context.GetInput<JobTicket>()!.Checked());
        if (await round.RunAsync() is { } unfinished)
        {
            context.ContinueAsNew(unfinished);
        }
    }
}

/// <summary>One generation of a list of calls.</summary>
internal sealed class BatchRound(TaskOrchestrationContext context, JobTicket ticket)
{
    /// <summary>
    /// Calls under way at once. What they may use is the limiter's to say; this bounds the history, and what a list has where no other list is.
    /// </summary>
    private const int MostRunning = LegRunner.MostOfLists;

    /// <summary>With so many asleep their limits are the bottleneck: beginning more would only put more to sleep.</summary>
    private const int MostSleeping = 512;

    /// <summary>Legs of one generation.</summary>
    private const int MostLegs = 400;

    private readonly LegWindow _window = new(MostRunning);
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
        DateTimeOffset now = context.CurrentUtcDateTime;
        _window.Advance(now);
        while (!isCancelled && HasLegs && _running.Count < MostRunning && Next(now) is { } call)
        {
            _legs++;
            _running.Add(Steps.CallAsync<LegOutcome>(context, nameof(RunLeg), new LegInput(ticket.Job, call.Index, call.Leg) { IsOfList = true }));
        }
    }

    /// <summary>The next call to run: one that is due, else one that waits for room, or a new one, as far as the window allows.</summary>
    private SleepingCall? Next(DateTimeOffset now)
    {
        var next = _sleeping.MinBy(call => call.WakeAt) is { } first && first.WakeAt <= now ? first
            : _running.Count < _window.Size ? FirstForRoom()
            : null;
        if (next is not null)
        {
            _sleeping.Remove(next);
            return next;
        }

        return _running.Count < _window.Size && HasNew ? new SleepingCall(_next++, 0, DateTimeOffset.MinValue) : null;
    }

    private bool HasNew => _next < ticket.Total && _sleeping.Count < MostSleeping;

    private SleepingCall? FirstForRoom() => _sleeping.Where(call => call.WaitsForRoom).MinBy(call => call.WakeAt);

    private DateTimeOffset? FirstDue() => _sleeping.Count > 0 ? _sleeping.Min(call => call.WakeAt) : null;

    /// <summary>When the next call may run that doesn't wait for a leg to end; null for none.</summary>
    private DateTimeOffset? FirstWake() => _window.WidensAt is { } widens && (HasNew || FirstForRoom() is not null) && !(FirstDue() < widens)
        ? widens
        : FirstDue();

    /// <summary>Until a leg ends, a sleeper may run, or the job is given up.</summary>
    private async Task WaitAsync(Task cancelled)
    {
        using var awake = new CancellationTokenSource();
        List<Task> events = [.. _running];
        if (!cancelled.IsCompleted)
        {
            events.Add(cancelled);
            if (HasLegs && _running.Count < MostRunning && FirstWake() is { } wake)
            {
                events.Add(context.CreateTimer(wake.UtcDateTime, awake.Token));
            }
        }

        await Task.WhenAny(events);
        awake.Cancel();
    }

    private void Take()
    {
        DateTimeOffset now = context.CurrentUtcDateTime;
        foreach (var leg in _running.Where(leg => leg.IsCompleted).ToArray())
        {
            _running.Remove(leg);
            var outcome = leg.GetAwaiter().GetResult();
            if (outcome.Ended is { } state)
            {
                _ended = _ended.With(state);
                _window.Ended(now);
                continue;
            }

            _sleeping.Add(new SleepingCall(outcome.Index, outcome.Leg, outcome.WakeAt, outcome.WaitsForRoom));
            if (outcome.WaitsForRoom)
            {
                _window.SentAway(_running.Count, now);
            }
        }
    }
}

/// <summary>
/// How many legs of a list may be under way: as many as the limiter keeps waiting without sending them away, as a sender's congestion window.
/// What waits at an instance is let out as soon as there is room, and makes the instance ask for a larger share; what was sent away with a
/// time is seen by nobody until then. Each call sent away narrows the window to the legs that are left, each that ends widens it, and where
/// none ends it is widened by and by, the later the oftener that was in vain.
/// </summary>
internal sealed class LegWindow(int most)
{
    private const int First = 16;

    /// <summary>By what an ended call widens a window that was once too wide: of so many calls one more is sent away.</summary>
    private const double Growth = 0.25;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private double _size = Math.Min(First, most);
    private TimeSpan _pause = FirstPause;
    private int _step = 1;
    private DateTimeOffset? _widensAt;
    private bool _wasTooWide;
    private bool _isTried = true;

    /// <summary>How many legs may be under way.</summary>
    public int Size => (int)_size;

    /// <summary>When it is widened next though no call ended; null where it is at its widest.</summary>
    public DateTimeOffset? WidensAt => _size < most ? _widensAt : null;

    /// <summary>Time has passed.</summary>
    public void Advance(DateTimeOffset now)
    {
        _widensAt ??= now + _pause;
        if (_widensAt <= now)
        {
            _size = Math.Min(most, Math.Floor(_size) + _step);
            _step = Math.Min(most, _step * 2);
            (_widensAt, _isTried) = (now + _pause, true);
        }
    }

    /// <summary>A call went out and ended.</summary>
    public void Ended(DateTimeOffset now)
    {
        _size = Math.Min(most, _size + (_wasTooWide ? Growth : 1));
        _pause = FirstPause;
        _widensAt = _widensAt < now + _pause ? _widensAt : now + _pause;
    }

    /// <summary>A call was sent away for want of room.</summary>
    /// <param name="left">How many legs are still under way.</param>
    public void SentAway(int left, DateTimeOffset now)
    {
        (_size, _step) = (Math.Min(_size, left), 1);
        if (_isTried)
        {
            _pause = !_wasTooWide ? _pause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            (_widensAt, _isTried, _wasTooWide) = (now + _pause, false, true);
        }
    }
}
