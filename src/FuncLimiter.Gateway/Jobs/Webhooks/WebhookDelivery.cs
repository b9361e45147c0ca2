namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>Makes single attempts at delivering outcomes, for hosts that keep the time between them in their own way.</summary>
internal sealed class WebhookDelivery(IJobStore jobs, WebhookSender sender, JobJson json)
{
    /// <summary>Makes one attempt.</summary>
    /// <param name="delivery">What to whom.</param>
    /// <param name="jitter">0 to 1, spreads the next attempts of many.</param>
    /// <returns>How the delivery stands; how long to wait for the next attempt where there is to be one; what went wrong.</returns>
    public async Task<(DeliveryState State, TimeSpan? Wait, string? Error)> AttemptAsync(
        Delivery delivery, double jitter, CancellationToken cancellationToken)
    {
        var job = await jobs.FindAsync(delivery.Tenant, delivery.Job, JobPage.First, cancellationToken);
        var attempt = job is null
            ? new WebhookAttempt(false, true, "the job's outcome is not kept any more")
            : await sender.SendAsync(delivery, json.Write(job), cancellationToken);
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

/// <summary>Keeps what is to be delivered safe across crashes. A delivery is there from the moment at which its job has ended.</summary>
internal interface IDeliveryStore
{
    /// <summary>Takes deliveries that are due, and counts the attempt.</summary>
    /// <param name="until">When one comes due again if nothing is said of it: its sender died.</param>
    Task<IReadOnlyList<Delivery>> TakeDueAsync(DateTimeOffset now, DateTimeOffset until, int most, CancellationToken cancellationToken);

    /// <summary>When the next delivery comes due; null where none is to be made.</summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Tells how an attempt went.</summary>
    /// <param name="state">Delivered, given up, or to be tried again.</param>
    /// <param name="dueAt">When to try again.</param>
    /// <param name="error">What went wrong, or null.</param>
    Task RecordAsync(string job, DeliveryState state, DateTimeOffset dueAt, string? error);
}

/// <summary>An outcome to be sent now.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Address">Where to.</param>
/// <param name="Attempt">The number of this attempt, from 1.</param>
internal sealed record Delivery(string Job, string Tenant, string Address, int Attempt);

/// <summary>How far the delivery of an outcome is.</summary>
public enum DeliveryState
{
    /// <summary>The job has not ended, or the delivery is to be tried (again).</summary>
    Pending,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>Given up after the last attempt; the outcome can still be polled.</summary>
    Failed,
}

/// <summary>How the delivery of a job's outcome stands.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="LastError">What the last failed attempt met; null where none failed.</param>
internal sealed record DeliveryReport(DeliveryState State, int Attempts, string? LastError);
