namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>Wakes one loop early: what is told while it works is not lost, and told many times is told once.</summary>
internal sealed class Wakeup
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _isTold;

    /// <summary>Wakes the loop, or keeps it from its next sleep.</summary>
    public void Set()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _isTold = true;
            waiting = _waiting;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Completes when told, or when a time has passed.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isTold || longest <= TimeSpan.Zero)
            {
                _isTold = false;
                return;
            }

            _waiting = waiting;
        }

        await using var enough = time.CreateTimer(_ => waiting.TrySetResult(), null, longest, Timeout.InfiniteTimeSpan);
        await using var given = cancellationToken.UnsafeRegister(_ => waiting.TrySetCanceled(cancellationToken), null);
        await waiting.Task;
        lock (_gate)
        {
            (_waiting, _isTold) = (null, false);
        }
    }
}
