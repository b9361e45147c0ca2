using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Jobs.Webhooks;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that makes one attempt at a job's webhook.</summary>
internal sealed class SendWebhook(JobTables tables, WebhookDelivery webhooks)
{
    private const string Attempts = "DeliveryAttempts";
    private const string State = "DeliveryState";
    private const string Wait = "DeliveryWait";

    /// <summary>Makes the attempt, and keeps how it went; one that was made is not made again.</summary>
    /// <param name="input">Which.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(SendWebhook))]
    public async Task<WebhookStep> RunAsync([ActivityTrigger] WebhookInput input, CancellationToken cancellationToken) =>
        new(await AttemptAsync(input, cancellationToken)) { Question = input.Question(nameof(SendWebhook)) };

    /// <returns>How long to wait for the next attempt; null where none is to be made.</returns>
    private async Task<TimeSpan?> AttemptAsync(WebhookInput input, CancellationToken cancellationToken)
    {
        if (await tables.Jobs.FindAsync(input.Job, JobRows.Job, cancellationToken) is not { } job || job.Text("Webhook") is not { } address)
        {
            return null;
        }

        if (job.Number(Attempts) < input.Attempt && (DeliveryState)job.Number(State) == DeliveryState.Pending)
        {
            var delivery = new Delivery(input.Job, job.Text("Tenant")!, address, input.Attempt);
            var (state, wait, error) = await webhooks.AttemptAsync(delivery, Random.Shared.NextDouble(), cancellationToken);
            (job.Values[State], job.Values[Attempts], job.Values[Wait]) = ((long)state, (long)input.Attempt, wait?.Ticks ?? 0);
            job.Values.Remove("DeliveryError");
            JobRows.Set(job, "DeliveryError", error);
            if (await tables.Jobs.ReplaceAsync(job, cancellationToken) is null)
            {
                // Somebody wrote between: where that was this attempt or a later one, it counts.
                return await AttemptAsync(input, cancellationToken);
            }
        }

        return (DeliveryState)job.Number(State) == DeliveryState.Pending ? TimeSpan.FromTicks(job.Number(Wait)) : null;
    }
}
