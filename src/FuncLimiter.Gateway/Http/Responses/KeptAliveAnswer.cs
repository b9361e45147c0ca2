using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Http.Responses;

/// <summary>
/// Keeps the connection of a streamed call busy while it waits: where nothing has come of its answer for a while, its headers go out, and a
/// comment each time. From then on an error is told as the caller's API tells errors in streams.
/// </summary>
internal sealed class KeptAliveAnswer : CallAnswer, IDisposable
{
    private const int StatusOfStreams = 200;

    private readonly CallAnswer _inner;
    private readonly Dialect _dialect;
    private readonly CancellationToken _caller;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private Task _comment = Task.CompletedTask;
    private bool _isImminent;
    private bool _isOpen;
    private bool _isError;
    private bool _isTold;

    /// <param name="inner">Where the answer goes.</param>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="every">How long the connection may be silent.</param>
    /// <param name="caller">Cancelled when the caller goes away.</param>
    public KeptAliveAnswer(CallAnswer inner, Dialect dialect, TimeSpan every, TimeProvider time, CancellationToken caller)
    {
        (_inner, _dialect, _caller) = (inner, dialect, caller);
        _timer = time.CreateTimer(static answer => ((KeptAliveAnswer)answer!).Comment(), this, every, every);
    }

    /// <inheritdoc/>
    public override void SetHeader(string name, string value)
    {
        lock (_gate)
        {
            _isImminent = true;
            if (!_isOpen)
            {
                _inner.SetHeader(name, value);
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _comment.IsCompletedSuccessfully && !_isError ? _inner.WriteAsync(bytes, cancellationToken) : WriteAfterCommentAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override void Abort() => _inner.Abort();

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <inheritdoc/>
    protected override void Begin(int status, long? length)
    {
        _timer.Dispose();
        lock (_gate)
        {
            _isImminent = true;
            if (_isOpen)
            {
                _isError = status >= 400;
            }
            else
            {
                _inner.Start(status, length);
            }
        }
    }

    private async ValueTask WriteAfterCommentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!_comment.IsCompletedSuccessfully)
        {
            await _comment;
        }

        if (!_isError)
        {
            await _inner.WriteAsync(bytes, cancellationToken);
        }
        else if (!_isTold)
        {
            _isTold = true;
            await _inner.WriteAsync(DialectError.Event(_dialect, Status, bytes.Span), cancellationToken);
        }
    }

    private void Comment()
    {
        lock (_gate)
        {
            if (_isImminent || _caller.IsCancellationRequested || !_comment.IsCompletedSuccessfully)
            {
                return;
            }

            if (!_isOpen)
            {
                _isOpen = true;
                _inner.SetHeader("Content-Type", "text/event-stream; charset=utf-8");
                _inner.SetHeader("Cache-Control", "no-cache");
                _inner.Start(StatusOfStreams, null);
            }

            _comment = _inner.WriteAsync(": waiting\n\n"u8.ToArray(), _caller).AsTask();
        }
    }
}
