using FuncLimiter.Gateway.Jobs.Http;

namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>Makes single attempts at delivering outcomes, for hosts that keep the time between them in their own way.</summary>
public sealed class WebhookDelivery
{
    private readonly IJobStore _jobs;
    private readonly WebhookSender _sender;
    private readonly JobJson _json;

    internal WebhookDelivery(IJobStore jobs, WebhookSender sender, JobJson json) => (_jobs, _sender, _json) = (jobs, sender, json);

    /// <summary>Makes one attempt.</summary>
    /// <param name="delivery">What to whom.</param>
    /// <param name="jitter">0 to 1, spreads the next attempts of many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How the delivery stands; how long to wait for the next attempt where there is to be one; what went wrong.</returns>
    public async Task<(DeliveryState State, TimeSpan? Wait, string? Error)> AttemptAsync(
        Delivery delivery, double jitter, CancellationToken cancellationToken)
    {
        var job = await _jobs.FindAsync(delivery.Tenant, delivery.Job, JobPage.First, cancellationToken);
        var attempt = job is null
            ? new WebhookAttempt(false, true, "the job's outcome is not kept any more")
            : await _sender.SendAsync(delivery, _json.Write(job), cancellationToken);
        var wait = attempt.Final ? null : WebhookSchedule.After(delivery.Attempt, jitter);
        var state = attempt.Delivered ? DeliveryState.Delivered : wait is null ? DeliveryState.Failed : DeliveryState.Pending;
        return (state, wait, attempt.Error);
    }
}
