using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>Forgets old things every few minutes, in small bites so that nothing waits long behind one.</summary>
internal abstract class PeriodicSweep(TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Forgets some; how many, 0 when there are no more.</summary>
    protected abstract Task<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await SweepAllAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SweepAllAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await SweepAsync(time.GetUtcNow(), stoppingToken) > 0)
            {
            }
        }
        catch (Exception trouble) when (!stoppingToken.IsCancellationRequested)
        {
            logger.LogError(trouble, "Old entries could not be forgotten; trying again in {Interval}.", Interval);
        }
    }
}
