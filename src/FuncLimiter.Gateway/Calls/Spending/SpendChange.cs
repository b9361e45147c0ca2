namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>The next change of a budget, for the calls that wait for it.</summary>
internal sealed class SpendChange
{
    private readonly Lock _gate = new();
    private readonly HashSet<TaskCompletionSource<bool>> _waiting = [];
    private bool _isTold;

    /// <summary>Wakes all that wait, and all that come later.</summary>
    public void Tell()
    {
        TaskCompletionSource<bool>[] waiting;
        lock (_gate)
        {
            _isTold = true;
            waiting = [.. _waiting];
        }

        foreach (var one in waiting)
        {
            one.TrySetResult(true);
        }
    }

    /// <summary>Waits for it; false where it did not come in time.</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        if (longest <= TimeSpan.Zero)
        {
            return false;
        }

        var waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isTold)
            {
                return true;
            }

            _waiting.Add(waiting);
        }

        await using var enough = time.CreateTimer(_ => waiting.TrySetResult(false), null, longest, Timeout.InfiniteTimeSpan);
        await using var given = cancellationToken.UnsafeRegister(_ => waiting.TrySetCanceled(cancellationToken), null);
        try
        {
            return await waiting.Task;
        }
        finally
        {
            lock (_gate)
            {
                _waiting.Remove(waiting);
            }
        }
    }
}
