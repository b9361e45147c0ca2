using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>Takes stored calls, runs a bounded number of them at once, and stores how each ended.</summary>
internal sealed class JobRunner(
    IJobStore store, JobItemRunner items, RunningItems running, JobSignals signals, GatewayConfiguration configuration, TimeProvider time, ILogger<JobRunner> logger)
    : BackgroundService
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var under = new HashSet<Task>();
        var recovered = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!recovered)
                {
                    var count = await store.RequeueAsync(stoppingToken);
                    recovered = true;
                    if (count > 0)
                    {
                        logger.LogInformation("{Count} calls of jobs were under way when the last process ended; they are run again.", count);
                    }
                }

                var sleep = await TakeAsync(under, stoppingToken);
                await signals.Work.WaitAsync(sleep, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception trouble)
            {
                logger.LogError(trouble, "Jobs cannot be taken from the store; trying again.");
                await Task.Delay(AfterTrouble, time, stoppingToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }

        await Task.WhenAll(under);
    }

    private async Task<TimeSpan> TakeAsync(HashSet<Task> under, CancellationToken stoppingToken)
    {
        under.RemoveWhere(static task => task.IsCompleted);
        var slots = JobSlots.Of(
            configuration.Jobs.MaxRunning,
            configuration.Queue,
            running.Of(Priority.Interactive),
            running.Of(Priority.Standard),
            running.Of(Priority.Background));
        var taking = await store.TakeAsync(slots, time.GetUtcNow(), stoppingToken);
        if (taking.Expired > 0)
        {
            signals.Ended.Set();
        }

        foreach (var item in taking.Items)
        {
            under.Add(items.RunAsync(item, stoppingToken));
        }

        return taking.NextDue is { } due && due - time.GetUtcNow() < LongestSleep ? due - time.GetUtcNow() : LongestSleep;
    }
}
