namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>A clock that stands still until it is moved to its next timer.</summary>
public sealed class SimulatedTime : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<(Timer Timer, long Arming), (long Due, long Order)> _due = new();
    private long _now = Start.UtcTicks;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer fires; null where none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            while (_due.TryPeek(out var next, out var at))
            {
                if (next.Timer.Arming == next.Arming)
                {
                    return new DateTimeOffset(at.Due, TimeSpan.Zero);
                }

                _due.Dequeue();
            }

            return null;
        }
    }

    public override DateTimeOffset GetUtcNow() => new(_now, TimeSpan.Zero);

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Calls back at an instant; at once where it has passed.</summary>
    public void At(DateTimeOffset instant, Action action) =>
        CreateTimer(_ => action(), null, instant > GetUtcNow() ? instant - GetUtcNow() : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    /// <summary>Moves to the next timer and fires it; false where none is set, or none before the limit.</summary>
    public bool FireNext(DateTimeOffset limit)
    {
        if (NextDue is not { } due || due > limit)
        {
            _now = Math.Max(_now, limit == DateTimeOffset.MaxValue ? _now : limit.UtcTicks);
            return false;
        }

        var (timer, _) = _due.Dequeue();
        _now = Math.Max(_now, due.UtcTicks);
        timer.Fire();
        return true;
    }

    private sealed class Timer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long Arming { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Arming++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time._due.Enqueue((this, Arming), (time._now + dueTime.Ticks, ++time._order));
            }

            return true;
        }

        public void Fire()
        {
            Change(_period, _period);
            callback(state);
        }

        public void Dispose() => Arming++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
