using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Webhooks;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that keeps a job's end. The first end counts; told again it says the same.</summary>
internal sealed class EndJob(JobTables tables, TimeProvider time)
{
    /// <summary>Ends the job.</summary>
    /// <param name="input">Which, and how.</param>
    [Function(nameof(EndJob))]
    public async Task<JobReceivers> RunAsync([ActivityTrigger] EndJobInput input, CancellationToken cancellationToken)
    {
        while (await tables.Jobs.FindAsync(input.Job, JobRows.Job, cancellationToken) is { } job)
        {
            var endedAt = job.Time("EndedAt");
            if (endedAt is null)
            {
                endedAt = time.GetUtcNow();
                job.Values["EndedAt"] = endedAt.Value;
                JobFinder.Put(job, input.Ended);
                if (await tables.Jobs.ReplaceAsync(job, cancellationToken) is null)
                {
                    continue;
                }
            }

            var ended = new Row(JobRows.Ended, JobRows.EndedKey(endedAt.Value, input.Job)) { Values = { ["Job"] = input.Job } };
            await tables.Jobs.WriteAsync([ended], cancellationToken);
            await tables.Jobs.DeleteAsync([new Row(JobRows.Open, input.Job), new Row(JobRows.GivenUp, input.Job)], cancellationToken);
            return Answer(job.Text("ReplyTo") is not null, job.Text("Webhook") is not null);
        }

        return Answer(false, false);

        JobReceivers Answer(bool hasQueue, bool hasWebhook) => new(hasQueue, hasWebhook) { Question = input.Question(nameof(EndJob)) };
    }
}

/// <summary>The activity that sends a job's outcome to the queue that waits for it.</summary>
internal sealed class SendReply(JobTables tables, IJobStore jobs, JobJson json, IReplyQueues queues)
{
    /// <summary>Service Bus takes messages of 256 KB in its standard tier: what is larger is fetched from the job, page by page.</summary>
    private const int MostBytes = 160 * 1024;

    /// <summary>Sends it.</summary>
    /// <param name="input">Of which job.</param>
    [Function(nameof(SendReply))]
    public async Task<YesOrNo> RunAsync([ActivityTrigger] JobInput input, CancellationToken cancellationToken) =>
        new(await SendAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(SendReply)) };

    private async Task<bool> SendAsync(string job, CancellationToken cancellationToken)
    {
        if (await tables.Jobs.FindAsync(job, JobRows.Job, cancellationToken) is not { } row
            || row.Text("ReplyTo") is not { } queue
            || await jobs.FindAsync(row.Text("Tenant")!, job, JobPage.First with { MostBytes = MostBytes / 2 }, cancellationToken) is not { } snapshot)
        {
            return false;
        }

        var body = json.Write(snapshot);
        if (body.Length > MostBytes)
        {
            body = json.Write(snapshot with { Items = [.. snapshot.Items.Select(WithoutBody)] });
        }

        // The message's id is the job's: where the queue detects duplicates, a repeated step sends nothing twice.
        await queues.SendAsync(queue, new QueuedReply(job, row.Text("CorrelationId") ?? job, body), cancellationToken);
        return true;
    }

    private static JobItemSnapshot WithoutBody(JobItemSnapshot item) =>
        item with { Result = item.Result is { } result ? result with { Body = default } : null };
}

/// <summary>The activity that makes one attempt at a job's webhook.</summary>
internal sealed class SendWebhook(JobTables tables, WebhookDelivery webhooks)
{
    private const string Attempts = "DeliveryAttempts";
    private const string State = "DeliveryState";
    private const string Wait = "DeliveryWait";

    /// <summary>Makes the attempt, and keeps how it went; one that was made is not made again.</summary>
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
