using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace FuncLimiter.Server.Hosting;

/// <summary>The addresses to listen on.</summary>
/// <param name="AreLoopback">Whether all of them are reached from this machine only.</param>
internal sealed record ListenAddresses(bool AreLoopback)
{
    /// <summary>Reads addresses with ';' between them; null where one makes no sense.</summary>
    public static ListenAddresses? Parse(string urls)
    {
        var addresses = urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var areLoopback = true;
        foreach (var address in addresses)
        {
            BindingAddress binding;
            try
            {
                binding = BindingAddress.Parse(address);
            }
            catch (FormatException)
            {
                return null;
            }

            areLoopback &= binding.IsUnixPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        }

        return addresses.Length == 0 ? null : new ListenAddresses(areLoopback);
    }
}

/// <summary>
/// Takes as many connections as there are descriptors for. The next one is closed before another is taken, so that however many come at
/// once, files and connections to providers can still be opened.
/// </summary>
internal sealed class BoundedListening(IOptions<SocketTransportOptions> options, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);
    private readonly ILogger _logger = loggers.CreateLogger<BoundedListening>();
    private int _most = OpenFiles.AreScarce ? OpenFiles.ConnectionsAtFirst : int.MaxValue;
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

/// <summary>How many files and connections this process may have open, and has.</summary>
internal static class OpenFiles
{
    private const string Own = "/proc/self/fd";
    private const int LinuxLimit = 7;
    private const int DarwinLimit = 8;

    /// <summary>What the runtime and its parts hold where it can't be counted.</summary>
    private const int UsualUse = 300;

    private const int Ample = 1024;

    /// <summary>What is opened later, whatever comes: readers of the database, checkpoints, the audit, a part that is loaded late.</summary>
    private const int Reserve = 8;

    /// <summary>Fewer connections than this are of no use.</summary>
    private const int LeastConnections = 2;

    /// <summary>How many connections of callers may be open while the runtime still loads what every call needs, and descriptors are scarce.</summary>
    public const int ConnectionsAtFirst = 2;

    /// <summary>
    /// How many connections of callers there is room for: each may need one to a provider as well. Without bound where the system has none.
    /// </summary>
    public static int Connections => Limit is { } limit ? (int)Math.Clamp((limit - Used - Reserve) / 2, LeastConnections, int.MaxValue) : int.MaxValue;

    /// <summary>Whether what the runtime loads later could meet the limit.</summary>
    public static bool AreScarce => Limit < Ample;

    private static long? Limit =>
        !OperatingSystem.IsWindows() && GetLimit(OperatingSystem.IsLinux() ? LinuxLimit : DarwinLimit, out var limit) == 0 && limit.Soft < int.MaxValue
            ? (long)limit.Soft
            : null;

    private static int Used => Directory.Exists(Own) ? Directory.EnumerateFileSystemEntries(Own).Count() : UsualUse;

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limits
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
