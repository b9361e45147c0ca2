using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>A call under way that several requests may wait for. It is cut off when the last of them has gone.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer to free, and whoever leaves last may come after the end.")]
internal sealed class Flight(byte[] fingerprint, bool isStream)
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource<IdempotentAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting = 1;

    public byte[] Fingerprint => fingerprint;

    public bool IsStream => isStream;

    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Joins those who wait; false where all of them have gone already.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_waiting == 0)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>Waits for the answer, then leaves; the last one to leave before there is an answer cuts the call off.</summary>
    public async Task<IdempotentAnswer> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    public void Land(IdempotentAnswer answer) => _answer.TrySetResult(answer);

    public void Crash(Exception reason)
    {
        // Nobody may be left to look at it; then it is not to come up as unobserved.
        _answer.TrySetException(reason);
        _ = _answer.Task.Exception;
    }

    private void Leave()
    {
        bool last;
        lock (_gate)
        {
            last = --_waiting == 0;
        }

        if (last && !_answer.Task.IsCompleted)
        {
            _abandoned.Cancel();
        }
    }
}
