namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>Cancels an attempt when its caller goes away, or when the provider stays silent for too long.</summary>
internal sealed class ActivityTimeout : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    /// <param name="timeout">How long the provider may be silent at first.</param>
    /// <param name="caller">The caller's own token.</param>
    public ActivityTimeout(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        Caller = caller;
        _source = new CancellationTokenSource(timeout, time);
        _registration = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Cancelled in either case.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Cancelled when the caller goes away.</summary>
    public CancellationToken Caller { get; }

    /// <summary>True when the provider was silent for too long, and the caller is still there.</summary>
    public bool TimedOut => _source.IsCancellationRequested && !Caller.IsCancellationRequested;

    /// <summary>From now on the provider may be silent for this long.</summary>
    public void Extend(TimeSpan timeout) => _source.CancelAfter(timeout);

    /// <summary>From now on nobody waits for the provider: what its caller takes to read is not its silence.</summary>
    public void Pause() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
