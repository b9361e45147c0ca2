using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>
/// Takes stored calls, runs a bounded number of them at once, and stores how each ended. When the host stops it takes no more, gives up those
/// that wait, lets those end for a while that a provider has, and cuts the rest off: the next process runs them again.
/// </summary>
internal sealed class JobRunner(
    IJobSource store,
    JobItemRunner items,
    RunningItems running,
    JobSignals signals,
    GatewayConfiguration configuration,
    TimeProvider time,
    ILogger<JobRunner> logger,
    IOptions<HostOptions>? host = null)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <summary>What is left of the time in which the host stops, to store how calls ended that went on to their bound.</summary>
    private static readonly TimeSpan StoreTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan UsualDrainTime = TimeSpan.FromSeconds(20);

    /// <summary>How long calls under way may go on once the host stops; what is cut off is paid for twice.</summary>
    private readonly TimeSpan _drainTime = host?.Value.ShutdownTimeout is { } all && all > StoreTime ? all - StoreTime : UsualDrainTime;

    private readonly CancellationTokenSource _noMore = new();
    private readonly CancellationTokenSource _drained = new();

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host is about to stop its services: none is taken any more, while the callers who wait are still answered.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _noMore.CancelAsync();
        _drained.CancelAfter(_drainTime);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _noMore.CancelAsync();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_drained.Token, cancellationToken);
        if (ExecuteTask is { } executing)
        {
            await executing.WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _noMore.Dispose();
        _drained.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, _noMore.Token);
        var under = new HashSet<Task>();
        var recovered = false;
        while (!end.IsCancellationRequested)
        {
            try
            {
                if (!recovered)
                {
                    await RecoverAsync(end.Token);
                    recovered = true;
                }

                var sleep = await TakeAsync(under, stoppingToken);
                await signals.Work.WaitAsync(sleep, time, end.Token);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                break;
            }
            catch (Exception trouble)
            {
                logger.LogError(trouble, "Jobs cannot be taken from the store; trying again.");
                await Task.Delay(AfterTrouble, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(under);
    }

    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var count = await store.RequeueAsync(cancellationToken);
        if (count > 0)
        {
            logger.LogInformation("{Count} calls of jobs were under way when the last process ended; they are run again.", count);
        }
    }

    private async Task<TimeSpan> TakeAsync(HashSet<Task> under, CancellationToken stoppingToken)
    {
        under.RemoveWhere(static task => task.IsCompleted);
        var slots = JobSlots.Of(
            configuration.Jobs.MaxRunning,
            configuration.Queue,
            running.Of(Priority.Interactive),
            running.Of(Priority.Standard),
            running.Of(Priority.Background)) with
        { Lanes = running.Lanes(time.GetUtcNow()) };

        // What was taken is run or cut off: giving up in between would leave it to the next process.
        var taking = await store.TakeAsync(slots, time.GetUtcNow(), CancellationToken.None);
        if (taking.Expired > 0)
        {
            signals.Ended.Set();
        }

        foreach (var item in taking.Items)
        {
            under.Add(items.RunAsync(item, _noMore.Token, stoppingToken));
        }

        return Sooner(Sooner(LongestSleep, taking.NextDue), running.NextOpening());
    }

    private TimeSpan Sooner(TimeSpan sleep, DateTimeOffset? due) => due is { } at && at - time.GetUtcNow() < sleep ? at - time.GetUtcNow() : sleep;
}

/// <summary>Forgets jobs whose results have been kept long enough.</summary>
internal sealed class JobSweeper(IJobStore store, GatewayConfiguration configuration, TimeProvider time, ILogger<JobSweeper> logger) : PeriodicSweep(time, logger)
{
    private const int MostAtOnce = 100;

    protected override Task<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        store.SweepAsync(now - configuration.Jobs.KeepResults, MostAtOnce, cancellationToken);
}

/// <summary>Wakes the loops that run jobs' calls and end jobs.</summary>
internal sealed class JobSignals
{
    /// <summary>A call waits, or a slot is free.</summary>
    public Wakeup Work { get; } = new();

    /// <summary>A job may have ended.</summary>
    public Wakeup Ended { get; } = new();
}
