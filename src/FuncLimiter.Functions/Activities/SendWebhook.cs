using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Jobs.Webhooks;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that makes one attempt at a job's webhook.</summary>
internal sealed class SendWebhook(JobTables tables, WebhookDelivery webhooks)
{
    /// <summary>Makes the attempt, and keeps how it went.</summary>
    /// <param name="input">Which.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(SendWebhook))]
    public async Task<WebhookStep> RunAsync([ActivityTrigger] WebhookInput input, CancellationToken cancellationToken)
    {
        if (await tables.Jobs.FindAsync(input.Job, JobRows.Job, cancellationToken) is not { } job || job.Text("Webhook") is not { } address)
        {
            return new WebhookStep((TimeSpan?)null);
        }

        var delivery = new Delivery(input.Job, job.Text("Tenant")!, address, input.Attempt);
        var (state, wait, error) = await webhooks.AttemptAsync(delivery, Random.Shared.NextDouble(), cancellationToken);
        (job.Values["DeliveryState"], job.Values["DeliveryAttempts"]) = ((long)state, (long)input.Attempt);
        JobRows.Set(job, "DeliveryError", error);
        await tables.Jobs.ReplaceAsync(job, cancellationToken);
        return new WebhookStep(state == DeliveryState.Pending ? wait : null);
    }
}
