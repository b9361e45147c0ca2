using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Batches;

/// <summary>What the activities of a provider's batch do. Each does nothing a second time.</summary>
internal sealed class BatchWork(
    JobTables tables, JobArchive archive, JobResults results, BatchChoice choice, IProviderBatches batches, BatchLedger ledger, TimeProvider time)
{
    private const string Batch = "BatchId";

    /// <summary>Makes the job's batch; false where there is none to be followed.</summary>
    public async Task<bool> SubmitAsync(string job, CancellationToken cancellationToken)
    {
        if (await OpenAsync(job, cancellationToken) is not var (row, deployment))
        {
            return false;
        }

        if (row.Text(Batch) is not null)
        {
            return true;
        }

        // One that was made before its process died is found by the job's name, not made again.
        var batch = await batches.FindAsync(deployment, job, cancellationToken)
            ?? await batches.SubmitAsync(deployment, job, await CallsAsync(row, cancellationToken), cancellationToken);
        if (batch is null)
        {
            return false;
        }

        row.Values[Batch] = batch;
        return await tables.Jobs.ReplaceAsync(row, cancellationToken) is not null || await SubmitAsync(job, cancellationToken);
    }

    /// <summary>Whether the batch is over.</summary>
    public async Task<bool> IsOverAsync(string job, CancellationToken cancellationToken) =>
        await OpenAsync(job, cancellationToken) is not var (row, deployment) || row.Text(Batch) is not { } batch
        || await batches.IsOverAsync(deployment, batch, cancellationToken);

    /// <summary>Gives the batch up.</summary>
    public async Task<bool> CancelAsync(string job, CancellationToken cancellationToken)
    {
        if (await OpenAsync(job, cancellationToken) is var (row, deployment) && row.Text(Batch) is { } batch
            && !await batches.IsOverAsync(deployment, batch, cancellationToken))
        {
            await batches.CancelAsync(deployment, batch, cancellationToken);
        }

        return true;
    }

    /// <summary>Keeps what the batch answered; calls that it did not answer, or with a failure, are left to be paced.</summary>
    public async Task<JobTally> FetchAsync(string job, CancellationToken cancellationToken)
    {
        var ended = new JobTally();
        if (await OpenAsync(job, cancellationToken) is not var (row, deployment) || row.Text(Batch) is not { } batch)
        {
            return ended;
        }

        await foreach (var answer in batches.FetchAsync(deployment, batch, cancellationToken))
        {
            if (answer.Status is >= 200 and < 300 && answer.Index >= 0 && answer.Index < row.Number("Total"))
            {
                await KeepAsync(row, answer, deployment, cancellationToken);
                ended = ended.With(JobItemState.Succeeded);
            }
        }

        return ended;
    }

    private async Task<(Row Job, Gateway.Routes.Deployment Deployment)?> OpenAsync(string job, CancellationToken cancellationToken) =>
        await tables.Jobs.FindAsync(job, JobRows.Job, cancellationToken) is { } row && row.Text("Batch") is { } name && choice.Find(name) is { } deployment
            ? (row, deployment)
            : null;

    private async Task<IReadOnlyList<BatchCall>> CallsAsync(Row job, CancellationToken cancellationToken)
    {
        var calls = new List<BatchCall>();
        for (var index = 0; index < job.Number("Total"); index++)
        {
            if (await archive.ReadAsync(job.Partition, index, cancellationToken) is var (call, _))
            {
                calls.Add(new BatchCall(index, call.Path, call.Body));
            }
        }

        return calls;
    }

    private async Task KeepAsync(Row job, BatchAnswer answer, Gateway.Routes.Deployment deployment, CancellationToken cancellationToken)
    {
        var item = LegRow.New(job.Partition, answer.Index).Row;
        var result = new JobItemResult(JobItemState.Succeeded, time.GetUtcNow(), answer.Status)
        {
            Headers = [new("Content-Type", "application/json")],
            Body = answer.Body,
            Deployment = deployment.Name,
            Usage = answer.Usage,
            Attempts = 1,
        };
        await results.PutAsync(item, result, cancellationToken);
        if (await tables.Jobs.AddAsync(item, cancellationToken) is not null)
        {
            await ledger.EnterAsync(job, answer, deployment, cancellationToken);
        }
    }
}
