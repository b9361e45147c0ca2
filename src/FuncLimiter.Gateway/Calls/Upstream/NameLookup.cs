using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>
/// Finds the addresses of names. What the system is asked for can't be given up again on Linux, and takes a thread while it lasts: each name is looked
/// up on a thread of its own and once at a time, who asks waits no longer than it may, and nobody else waits at all.
/// </summary>
/// <param name="resolve">How a name is looked up; null for the system's way.</param>
internal sealed class NameLookup(Func<string, IPAddress[]>? resolve = null)
{
    private const int KeepAliveSeconds = 30;
    private const int KeepAliveTries = 3;
    private static readonly TimeSpan BetweenAddresses = TimeSpan.FromMilliseconds(250);

    private readonly Func<string, IPAddress[]> _resolve = resolve ?? Dns.GetHostAddresses;
    private readonly ConcurrentDictionary<string, Lazy<Task<IPAddress[]>>> _underWay = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The addresses of a name, or of an address itself.</summary>
    /// <exception cref="SocketException">Nobody knows it.</exception>
    public async ValueTask<IPAddress[]> FindAsync(string host, CancellationToken cancellationToken) => IPAddress.TryParse(host, out var address)
        ? [address]
        : await _underWay.GetOrAdd(host, name => new(() => LookUpAsync(name))).Value.WaitAsync(cancellationToken);

    /// <summary>Connects to a name.</summary>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, CancellationToken cancellationToken) =>
        await ConnectAsync(await FindAsync(target.Host, cancellationToken), target.Port, cancellationToken);

    /// <summary>
    /// Connects to the first of some addresses that takes it. Each begins a moment after the one before, or as soon as that failed: one that is
    /// silent takes nothing of the others' time (RFC 8305).
    /// </summary>
    public static async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<Socket>> underWay = [];
        Exception? failure = null;
        try
        {
            for (var next = 0; !cancellationToken.IsCancellationRequested && (next < addresses.Length || underWay.Count > 0);)
            {
                if (next < addresses.Length)
                {
                    underWay.Add(ConnectAsync(addresses[next++], port, end.Token));
                }

                var ended = await EndedAsync(underWay, next < addresses.Length ? BetweenAddresses : Timeout.InfiniteTimeSpan, end.Token);
                if (ended is { IsCompletedSuccessfully: true })
                {
                    underWay.Remove(ended);
                    return new NetworkStream(await ended, ownsSocket: true);
                }

                if (ended is not null)
                {
                    underWay.Remove(ended);
                    failure = ended.Exception?.InnerException ?? failure;
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            underWay.ForEach(static late => _ = DisposeAsync(late));
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Task<Socket>?> EndedAsync(List<Task<Socket>> underWay, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = await Task.WhenAny([.. underWay, Task.Delay(longest, over.Token)]);
        await over.CancelAsync();
        return ended as Task<Socket>;
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            KeepAlive(socket);
            await socket.ConnectAsync(address, port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Who is gone without a word is found out, and what stands between does not forget a connection on which an answer takes its time.
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds / KeepAliveTries);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveTries);
    }

    private static async Task DisposeAsync(Task<Socket> late)
    {
        await ((Task)late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (late.IsCompletedSuccessfully)
        {
            (await late).Dispose();
        }
    }

    private async Task<IPAddress[]> LookUpAsync(string host)
    {
        try
        {
            return await Task.Factory.StartNew(() => _resolve(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _underWay.TryRemove(host, out _);
        }
    }
}
