using System.Threading.Channels;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>Wakes one loop: what is told while it works is not lost, and told many times is told once.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _told = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _told.Writer.TryWrite(true);

    /// <summary>Completes when told, or when a time has passed.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_told.Reader.TryRead(out _) || longest <= TimeSpan.Zero)
        {
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var told = _told.Reader.WaitToReadAsync(enough.Token).AsTask();
        await Task.WhenAny(told, Task.Delay(longest, time, enough.Token));
        await enough.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _told.Reader.TryRead(out _);
    }
}

/// <summary>Wakes the loop that runs jobs' calls.</summary>
internal sealed class JobSignals
{
    /// <summary>A call waits, or a slot is free.</summary>
    public Signal Work { get; } = new();

    /// <summary>A job may have ended.</summary>
    public Signal Ended { get; } = new();
}
