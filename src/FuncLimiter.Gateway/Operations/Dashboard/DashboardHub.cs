using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Gateway.Operations.Dashboard;

/// <summary>Makes each frame once and hands it to everybody who looks. While nobody does, nothing is made.</summary>
internal sealed class DashboardHub : IHostedService, IDisposable
{
    /// <summary>How many may look at once.</summary>
    public const int MostViewers = 200;

    private const int MostFramesBehind = 8;

    private readonly Watch _watch;
    private readonly DashboardState _state;
    private readonly List<Channel<byte[]>> _viewers = [];
    private readonly CancellationTokenRegistration _stopping;
    private bool _isOver;

    public DashboardHub(Watch watch, DashboardState state, IHostApplicationLifetime lifetime)
    {
        (_watch, _state) = (watch, state);

        // Viewers stay for days: the server must not wait for them.
        _stopping = lifetime.ApplicationStopping.Register(End);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _watch.Looked += Send;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _watch.Looked -= Send;
        End();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <summary>Frames for one more viewer, the first of them whole; null where there are too many.</summary>
    public Channel<byte[]>? Join()
    {
        var frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostFramesBehind) { SingleReader = true });
        lock (_watch.Gate)
        {
            if (_viewers.Count >= MostViewers || _isOver)
            {
                return null;
            }

            if (_viewers.Count == 0)
            {
                _state.Update(isWhole: true);
                _state.Difference();
            }

            frames.Writer.TryWrite(_state.Whole());
            _viewers.Add(frames);
        }

        return frames;
    }

    /// <summary>A viewer is gone.</summary>
    public void Leave(Channel<byte[]> frames)
    {
        lock (_watch.Gate)
        {
            _viewers.Remove(frames);
        }
    }

    // Called under the watch's gate.
    private void Send()
    {
        if (_viewers.Count == 0)
        {
            return;
        }

        _state.Update(isWhole: false);
        var frame = _state.Difference();

        // Who can't keep up is let go, comes again by itself, and then sees everything anew.
        _viewers.RemoveAll(viewer => !viewer.Writer.TryWrite(frame) && viewer.Writer.TryComplete());
    }

    private void End()
    {
        lock (_watch.Gate)
        {
            _isOver = true;
            _viewers.ForEach(static viewer => viewer.Writer.TryComplete());
            _viewers.Clear();
        }
    }
}

/// <summary>The rows of one table as they were last sent, and which are others since.</summary>
internal sealed class Changes<TRow>
    where TRow : IEquatable<TRow>
{
    private readonly Dictionary<string, (TRow Row, long Round)> _sent = new(StringComparer.Ordinal);
    private long _round;

    /// <summary>All rows.</summary>
    public IEnumerable<TRow> All => _sent.Values.Select(static entry => entry.Row);

    /// <summary>Rows that changed in this round, or are new.</summary>
    public List<TRow> Changed { get; } = [];

    /// <summary>The keys of rows that are there no more.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>Begins a round.</summary>
    public void Begin()
    {
        _round++;
        Changed.Clear();
        Gone.Clear();
    }

    /// <summary>A row is still there; not looked at in this round.</summary>
    /// <returns>False where it was never sent.</returns>
    public bool Keep(string key)
    {
        if (!_sent.TryGetValue(key, out var entry))
        {
            return false;
        }

        _sent[key] = (entry.Row, _round);
        return true;
    }

    /// <summary>A row as it is now.</summary>
    public void Set(string key, TRow row)
    {
        if (!_sent.TryGetValue(key, out var entry) || !entry.Row.Equals(row))
        {
            Changed.Add(row);
        }

        _sent[key] = (row, _round);
    }

    /// <summary>Ends a round: what was neither kept nor set is gone.</summary>
    public void End(int count)
    {
        if (_sent.Count == count)
        {
            return;
        }

        Gone.AddRange(_sent.Where(entry => entry.Value.Round < _round).Select(static entry => entry.Key));
        foreach (var key in Gone)
        {
            _sent.Remove(key);
        }
    }
}
