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

/// <summary>When a failed delivery is tried again: 10 attempts over about 16 hours.</summary>
internal static class WebhookSchedule
{
    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8),
    ];

    public static int MostAttempts => Waits.Length + 1;

    /// <summary>The wait after a failed attempt; null where that was the last.</summary>
    /// <param name="attempt">The attempt's number, from 1.</param>
    /// <param name="jitter">0 to 1; up to a fifth is added, so that receivers which come back meet no wave.</param>
    public static TimeSpan? After(int attempt, double jitter) =>
        attempt > Waits.Length ? null : Waits[attempt - 1] * (1 + (jitter / 5));
}
