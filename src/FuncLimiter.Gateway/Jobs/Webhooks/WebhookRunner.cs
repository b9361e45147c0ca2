using FuncLimiter.Gateway.Jobs.Running;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>Delivers the outcomes of ended jobs, at least once each, a bounded number at a time.</summary>
internal sealed class WebhookRunner(
    IDeliveryStore deliveries, WebhookDelivery webhooks, JobSignals signals, TimeProvider time, ILogger<WebhookRunner> logger)
    : BackgroundService
{
    private const int MostAtOnce = 32;

    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <summary>Longer than any attempt takes: whoever took a delivery and said nothing by then has died.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var under = new HashSet<Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                under.RemoveWhere(static task => task.IsCompleted);
                var now = time.GetUtcNow();
                var due = under.Count < MostAtOnce ? await deliveries.TakeDueAsync(now, now + Lease, MostAtOnce - under.Count, stoppingToken) : [];
                foreach (var delivery in due)
                {
                    under.Add(DeliverAsync(delivery, stoppingToken));
                }

                var next = under.Count < MostAtOnce ? await deliveries.NextDueAsync(stoppingToken) : null;
                var sleep = next is { } at && at - now < LongestSleep ? at - now : LongestSleep;
                await signals.Ended.WaitAsync(sleep, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception trouble)
            {
                logger.LogError(trouble, "Deliveries cannot be taken from the store; trying again.");
                await Task.Delay(AfterTrouble, time, stoppingToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }

        await Task.WhenAll(under);
    }

    private async Task DeliverAsync(Delivery delivery, CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            var (state, wait, error) = await webhooks.AttemptAsync(delivery, Random.Shared.NextDouble(), stoppingToken);
            if (state == DeliveryState.Failed)
            {
                logger.LogWarning("The outcome of {Job} could not be delivered in {Attempts} attempts: {Error}", delivery.Job, delivery.Attempt, error);
            }

            await deliveries.RecordAsync(delivery.Job, state, time.GetUtcNow() + (wait ?? TimeSpan.Zero), error);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Comes due again when its lease ends.
        }
        catch (Exception trouble)
        {
            logger.LogError(trouble, "The delivery of {Job} broke down; it comes due again.", delivery.Job);
        }
        finally
        {
            signals.Ended.Set();
        }
    }
}
