using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>Stands between the app and its storage, and can be cut: then nothing is connected, and what was is broken off.</summary>
internal sealed class Outage : IDisposable
{
    private readonly TcpListener[] _listeners;
    private readonly ConcurrentDictionary<TcpClient, bool> _open = [];
    private volatile bool _isCut;

    /// <summary>Begins to pass connections on.</summary>
    /// <param name="targets">The ports to pass them on to.</param>
    public Outage(int[] targets)
    {
        _listeners = [.. targets.Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        for (var n = 0; n < targets.Length; n++)
        {
            _listeners[n].Start();
            _ = AcceptAsync(_listeners[n], targets[n]);
        }
    }

    /// <summary>Where to connect to, in the targets' order.</summary>
    public int[] Ports => [.. _listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];

    public void Begin()
    {
        _isCut = true;
        foreach (var client in _open.Keys)
        {
            client.Dispose();
        }
    }

    public void End() => _isCut = false;

    public void Dispose()
    {
        Begin();
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }
    }

    private async Task AcceptAsync(TcpListener listener, int target)
    {
        try
        {
            while (true)
            {
                _ = PassOnAsync(await listener.AcceptTcpClientAsync(), target);
            }
        }
        catch (Exception failure) when (failure is SocketException or InvalidOperationException)
        {
            // The listener was disposed.
        }
    }

    private async Task PassOnAsync(TcpClient near, int target)
    {
        using var far = new TcpClient();
        using (near)
        {
            _open[near] = _open[far] = true;
            try
            {
                if (!_isCut)
                {
                    await far.ConnectAsync(IPAddress.Loopback, target);
                    await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
                }
            }
            catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // One side is gone, and so the other.
            }

            _open.TryRemove(near, out _);
            _open.TryRemove(far, out _);
        }
    }
}
