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

    /// <summary>Connects to the first of some addresses that takes it.</summary>
    public static async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
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
