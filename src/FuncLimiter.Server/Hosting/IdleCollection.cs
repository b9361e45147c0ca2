namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Gives memory back after load. The runtime collects when something is allocated, so that a process that has become calm would keep what its
/// busiest minute needed.
/// </summary>
internal sealed class IdleCollection(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var calm = new CalmWatch();
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (calm.IsTimeToCollect(time.GetUtcNow(), GC.GetTotalAllocatedBytes()))
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
    }
}

/// <summary>Tells when a process has become calm after load. To be asked every few seconds.</summary>
internal sealed class CalmWatch
{
    /// <summary>No more is allocated between two looks where next to nothing is done, in bytes.</summary>
    private const long CalmBytes = 8L * 1024 * 1024;

    /// <summary>What is allocated at least between two collections that are worth their pause, in bytes.</summary>
    private const long LoadBytes = 64L * 1024 * 1024;

    /// <summary>The server's own pools let go of what nobody takes little by little, over some minutes; only then can it be collected.</summary>
    private const int Collections = 5;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(70);

    private long _allocated;
    private long _allocatedAtCollection;
    private DateTimeOffset _due;
    private int _left;

    /// <summary>Whether to collect now.</summary>
    /// <param name="allocated">Bytes allocated since the process began.</param>
    public bool IsTimeToCollect(DateTimeOffset now, long allocated)
    {
        var isCalm = allocated - _allocated <= CalmBytes;
        _allocated = allocated;
        if (allocated - _allocatedAtCollection >= LoadBytes)
        {
            (_left, _due) = (Collections, now);
        }

        if (!isCalm || _left == 0 || now < _due)
        {
            return false;
        }

        (_left, _due, _allocatedAtCollection) = (_left - 1, now + Between, allocated);
        return true;
    }
}
