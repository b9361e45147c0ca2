using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Takes as many connections as there are descriptors for. The next one is closed before another is taken, so that however many come at
/// once, files and connections to providers can still be opened.
/// </summary>
internal sealed class BoundedListening(IOptions<SocketTransportOptions> options, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);
    private readonly ILogger _logger = loggers.CreateLogger<BoundedListening>();
    private int _most = int.MaxValue;
    private int _open;
    private long _toldAt = long.MinValue;

    /// <summary>Takes no more than this many connections from now on.</summary>
    public void Bound(int most) => Volatile.Write(ref _most, most);

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(this, await _sockets.BindAsync(endpoint, cancellationToken));

    private bool TryTake(ConnectionContext connection)
    {
        if (Interlocked.Increment(ref _open) > Volatile.Read(ref _most))
        {
            Interlocked.Decrement(ref _open);
            Tell();
            return false;
        }

        connection.ConnectionClosed.UnsafeRegister(static self => Interlocked.Decrement(ref ((BoundedListening)self!)._open), this);
        return true;
    }

    private void Tell()
    {
        const long every = 10_000;
        var now = Environment.TickCount64;
        if (now >= Interlocked.Read(ref _toldAt) + every)
        {
            Interlocked.Exchange(ref _toldAt, now);
            _logger.LogWarning("As many connections are open as there are descriptors for ({Most}); more are closed. Raise the limit of open files.", _most);
        }
    }

    private sealed class Listener(BoundedListening bounds, IConnectionListener inner) : IConnectionListener
    {
        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await inner.AcceptAsync(cancellationToken) is { } connection)
            {
                if (bounds.TryTake(connection))
                {
                    return connection;
                }

                connection.Abort();
                await connection.DisposeAsync();
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
