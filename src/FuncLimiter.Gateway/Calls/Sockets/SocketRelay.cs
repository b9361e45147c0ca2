using System.Buffers;
using System.Net.WebSockets;

namespace FuncLimiter.Gateway.Calls.Sockets;

/// <summary>
/// Passes messages on in both directions. When one side closes, the other is closed with the same code and reason; a lost connection, and a host
/// that stops, end both sides.
/// </summary>
internal sealed class SocketRelay : IDisposable
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    /// <summary>A caller who takes nothing slows its provider down.</summary>
    private const int MostAheadOfCaller = 1024 * 1024;

    private static readonly SocketEnd CallerGone = new(WebSocketCloseStatus.EndpointUnavailable, "The caller is gone.");
    private static readonly SocketEnd ProviderGone = new(WebSocketCloseStatus.InternalServerError, "The provider broke off.");

    private readonly SocketSide _caller;
    private readonly SocketSide _provider;
    private readonly SocketTurns _turns;
    private readonly CancellationToken _stopping;

    public SocketRelay(CallServices services, Attempt attempt, SocketCaller caller, WebSocket accepted, WebSocket provider)
    {
        _caller = new SocketSide(accepted, services.Options.MaxRequestBytes, services.Options.MaxRequestBytes, caller.Room);
        _provider = new SocketSide(provider, services.Options.MaxReadAnswerBytes, MostAheadOfCaller, caller.Room);
        _turns = new SocketTurns(services, caller.Pipeline, attempt, _caller, _provider, caller.Stopping);
        _stopping = caller.Stopping;
    }

    /// <summary>Passes messages on until one side ends it.</summary>
    /// <param name="aborted">Cancelled when the caller's connection is gone.</param>
    public async Task RunAsync(CancellationToken aborted)
    {
        // A socket whose receiving is cancelled can't send a close any more, so the provider's is received from until it was told that the caller is gone.
        using var end = new CancellationTokenSource();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(aborted, end.Token);
        var fromCaller = _caller.PassOnAsync(_turns.FromCallerAsync, CallerGone, ProviderGone, gone.Token);
        var fromProvider = _provider.PassOnAsync(_turns.FromProviderAsync, ProviderGone, CallerGone, end.Token);
        var stop = StopAsync(end.Token);
        var ended = await (await Task.WhenAny(fromCaller, fromProvider, stop));
        await Task.WhenAll(_caller.CloseAsync(ended), _provider.CloseAsync(ended));
        await Task.WhenAny(Task.WhenAll(fromCaller, fromProvider), Task.Delay(Farewell, CancellationToken.None));
        await end.CancelAsync();
        await Task.WhenAll(fromCaller, fromProvider, stop);
        await _turns.EndAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turns.Dispose();
        _caller.Dispose();
        _provider.Dispose();
    }

    /// <summary>What a provider has already may end; what comes after it may not.</summary>
    private async Task<SocketEnd> StopAsync(CancellationToken ended)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping, ended);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _turns.Idle.WaitAsync(ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return new SocketEnd(WebSocketCloseStatus.EndpointUnavailable, "This FuncLimiter stops.");
    }
}

/// <summary>Takes a message; its bytes are its own until it is done.</summary>
internal delegate ValueTask TakeMessage(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken);

/// <summary>Room in this process's memory for what a tenant's connections hold.</summary>
/// <param name="TryTake">Takes room for bytes; false where there is none.</param>
/// <param name="Release">Gives it back.</param>
internal sealed record SocketRoom(Func<long, bool> TryTake, Action<long> Release);

/// <summary>How one side ended a connection.</summary>
internal readonly record struct SocketEnd(WebSocketCloseStatus Status, string? Why);

/// <summary>
/// One side of a connection: whole messages are taken from it, and sent to it one after the other. It is read on while a message of it waits,
/// up to a bound, or an answer to a ping would stand behind what is said meanwhile, and whoever says it be taken for lost.
/// </summary>
/// <param name="mostAhead">How many bytes are read at most behind a message that waits.</param>
/// <param name="held">Takes room for them in this process's memory.</param>
internal sealed class SocketSide(WebSocket socket, int maxMessageBytes, int mostAhead, SocketRoom held) : IDisposable
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>What a message costs beside its bytes while it waits.</summary>
    private const int MessageBytes = 512;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _sending = new(1, 1);
    private long _ahead;

    /// <summary>Hands each message on, until this side ends.</summary>
    /// <param name="take">Takes a message; the bytes are its own until it returns.</param>
    /// <param name="lost">How it ends where this side is lost.</param>
    /// <param name="otherLost">How it ends where the other side is.</param>
    public async Task<SocketEnd> PassOnAsync(TakeMessage take, SocketEnd lost, SocketEnd otherLost, CancellationToken cancellationToken)
    {
        var taking = Task.CompletedTask;
        var message = new ArrayBufferWriter<byte>(ChunkBytes);
        try
        {
            while (true)
            {
                var received = await ReceiveAsync(message.GetMemory(ChunkBytes), taking, cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await Task.WhenAny(taking, Task.Delay(Farewell, cancellationToken));
                    return new SocketEnd(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, socket.CloseStatusDescription);
                }

                message.Advance(received.Count);
                if (message.WrittenCount > maxMessageBytes)
                {
                    return new SocketEnd(WebSocketCloseStatus.MessageTooBig, $"A message has more than {maxMessageBytes} bytes.");
                }

                if (received.EndOfMessage)
                {
                    (taking, message) = await HandOnAsync(take, taking, message, received.MessageType, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return taking.IsFaulted ? otherLost : lost;
        }
    }

    // What is taken meanwhile may fail, and ends the waiting for more.
    private async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> into, Task taking, CancellationToken cancellationToken)
    {
        if (taking.IsCompletedSuccessfully)
        {
            return await socket.ReceiveAsync(into, cancellationToken);
        }

        var receiving = socket.ReceiveAsync(into, cancellationToken).AsTask();
        await Task.WhenAny(receiving, taking);
        if (taking.IsCompleted)
        {
            await taking;
        }

        return await receiving;
    }

    /// <returns>What is under way from now on, and where the next message goes.</returns>
    private async ValueTask<(Task Taking, ArrayBufferWriter<byte> Next)> HandOnAsync(
        TakeMessage take, Task taking, ArrayBufferWriter<byte> message, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        if (taking.IsCompleted)
        {
            await taking;
            var took = take(message.WrittenMemory, type, cancellationToken);
            if (!took.IsCompletedSuccessfully)
            {
                return (took.AsTask(), new ArrayBufferWriter<byte>(ChunkBytes));
            }

            await took;
        }
        else
        {
            var bytes = message.WrittenCount + MessageBytes;
            var isHeld = Interlocked.Add(ref _ahead, bytes) <= mostAhead && held.TryTake(bytes);
            taking = TakeAfterAsync(taking, take, message.WrittenMemory.ToArray(), type, isHeld, cancellationToken);
            if (!isHeld)
            {
                await taking;
            }
        }

        message.ResetWrittenCount();
        return (taking, message.Capacity > 64 * ChunkBytes ? new ArrayBufferWriter<byte>(ChunkBytes) : message);
    }

    private async Task TakeAfterAsync(
        Task before, TakeMessage take, ReadOnlyMemory<byte> message, WebSocketMessageType type, bool isHeld, CancellationToken cancellationToken)
    {
        try
        {
            await before;
            await take(message, type, cancellationToken);
        }
        finally
        {
            var bytes = message.Length + MessageBytes;
            Interlocked.Add(ref _ahead, -bytes);
            if (isHeld)
            {
                held.Release(bytes);
            }
        }
    }

    /// <summary>Sends a message.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(message, type, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Says the end, where it can still be said.</summary>
    public async Task CloseAsync(SocketEnd end)
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _sending.WaitAsync(enough.Token);
            try
            {
                await socket.CloseOutputAsync(Sendable(end.Status), Shortened(end.Why), enough.Token);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _sending.Dispose();

    /// <summary>Some codes stand for what can't be said on the wire (RFC 6455, 7.4.1).</summary>
    private static WebSocketCloseStatus Sendable(WebSocketCloseStatus status) => (int)status switch
    {
        1005 => WebSocketCloseStatus.NormalClosure,
        (>= 1000 and <= 1003) or (>= 1007 and <= 1011) or (>= 3000 and <= 4999) => status,
        _ => WebSocketCloseStatus.InternalServerError,
    };

    /// <summary>A reason has 123 bytes at most (RFC 6455, 5.5).</summary>
    private static string? Shortened(string? why)
    {
        const int most = 123;
        while (why is { Length: > 0 } && System.Text.Encoding.UTF8.GetByteCount(why) > most)
        {
            why = why[..^1];
        }

        return why;
    }
}
