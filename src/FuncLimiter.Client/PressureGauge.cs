namespace FuncLimiter.Client;

/// <summary>How full the tightest budget of a caller is.</summary>
public enum PressureLevel
{
    /// <summary>There is room.</summary>
    Normal,

    /// <summary>The budget is used to 80 % (or what the operator set as <c>alerts.warnAt</c>).</summary>
    Warn,

    /// <summary>The budget is used to 90 % (or what the operator set as <c>alerts.actAt</c>): put off what can wait.</summary>
    Act,
}

/// <summary>
/// What FuncLimiter's answers said of late about how full the caller's budgets are, so that agents can slow down before they have to wait.
/// All members may be called from any thread.
/// </summary>
/// <param name="time">The clock; null for the system's.</param>
public sealed class PressureGauge(TimeProvider? time = null)
{
    /// <summary>For how long an answer's word holds: whoever put its calls off would else never hear that there is room again.</summary>
    public static readonly TimeSpan Holds = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private PressureLevel _level;
    private long _heardAt;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>The level of the last answer; <see cref="PressureLevel.Normal"/> once nothing was heard for <see cref="Holds"/>.</summary>
    public PressureLevel Level
    {
        get
        {
            lock (_lock)
            {
                return Left() > TimeSpan.Zero ? _level : PressureLevel.Normal;
            }
        }
    }

    /// <summary>Waits while the level is the given one or higher, at most <see cref="Holds"/> after the last answer.</summary>
    /// <param name="level">The lowest level that is waited for to pass.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task WaitWhileAsync(PressureLevel level, CancellationToken cancellation = default)
    {
        while (true)
        {
            Task changed;
            TimeSpan left;
            lock (_lock)
            {
                (changed, left) = (_changed.Task, Left());
                if (_level < level || left <= TimeSpan.Zero)
                {
                    return;
                }
            }

            var stale = Task.Delay(left, _time, cancellation);
            await await Task.WhenAny(changed, stale).ConfigureAwait(false);
        }
    }

    /// <summary>Takes what an answer says.</summary>
    internal void Hear(HttpResponseMessage answer)
    {
        if (!answer.Headers.TryGetValues("X-FuncLimiter-Pressure", out var said) || !Enum.TryParse<PressureLevel>(said.First(), true, out var level))
        {
            return;
        }

        lock (_lock)
        {
            (_level, _heardAt) = (level, _time.GetTimestamp());
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    private TimeSpan Left() => Holds - _time.GetElapsedTime(_heardAt);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
