using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Http;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that sends a job's outcome to the queue that waits for it.</summary>
internal sealed class SendReply(JobTables tables, IJobStore jobs, JobJson json, IReplyQueues queues)
{
    /// <summary>Service Bus takes messages of 256 KB in its standard tier: what is larger is fetched from the job, page by page.</summary>
    private const int MostBytes = 160 * 1024;

    /// <summary>Sends it.</summary>
    /// <param name="input">Of which job.</param>
    /// <param name="cancellationToken">The process ends.</param>
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
        await queues.SendAsync(queue, new Reply(job, row.Text("CorrelationId") ?? job, body), cancellationToken);
        return true;
    }

    private static JobItemSnapshot WithoutBody(JobItemSnapshot item) =>
        item with { Result = item.Result is { } result ? result with { Body = default } : null };
}
