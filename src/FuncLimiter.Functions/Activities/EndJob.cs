using FuncLimiter.Functions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that keeps a job's end. The first end counts; told again it says the same.</summary>
internal sealed class EndJob(JobTables tables, TimeProvider time)
{
    /// <summary>Ends the job.</summary>
    /// <param name="input">Which, and how.</param>
    /// <param name="cancellationToken">The process ends.</param>
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
