using FuncLimiter.Functions.Activities;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>The last steps of every job: its end is kept, and its outcome delivered to whoever waits for it.</summary>
internal static class JobEnd
{
    /// <summary>Ends a job whose calls have all ended.</summary>
    public static async Task RunAsync(TaskOrchestrationContext context, string job, JobTally ended)
    {
        context.SetCustomStatus(new JobStatus(0, ended, null));
        var receivers = await Steps.CallAsync<JobReceivers>(context, nameof(EndJob), new EndJobInput(job, ended));
        if (receivers.HasQueue)
        {
            await Steps.CallAsync<YesOrNo>(context, nameof(SendReply), new JobInput(job));
        }

        for (var attempt = 1; receivers.HasWebhook; attempt++)
        {
            var delivery = await Steps.CallAsync<WebhookStep>(context, nameof(SendWebhook), new WebhookInput(job, attempt));
            if (delivery.RetryAfter is not { } wait)
            {
                break;
            }

            await context.CreateTimer(context.CurrentUtcDateTime + wait, CancellationToken.None);
        }
    }
}
