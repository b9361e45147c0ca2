using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Functions.Batches;

/// <summary>Enters what a provider's batch service answered into the usage ledger, at the price of batches.</summary>
internal sealed class BatchLedger(JobArchive archive, JobCallReader reader, IUsageSink usage, TimeProvider time)
{
    /// <summary>Enters an answer.</summary>
    /// <param name="job">The job's row.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="deployment">What answered.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnterAsync(Row job, BatchAnswer answer, Deployment deployment, CancellationToken cancellationToken)
    {
        if (await archive.ReadAsync(job.Partition, answer.Index, cancellationToken) is not var (stored, _)
            || !reader.TryRead(stored, job.Text("Tenant")!, out var call, out _))
        {
            return;
        }

        var cost = answer.Usage is { } tokens && deployment.Price is { } price ? CallCost.Of(price, tokens, isBatch: true) : (CallCost?)null;
        var now = time.GetUtcNow();
        usage.Record(new UsageRecord(
            now, call.Caller, call.Facts.Model, call.Facts.Operation, deployment.Name, answer.Status, answer.Usage, cost?.TotalUsd,
            TimeSpan.Zero, now - (job.Time("AcceptedAt") ?? now), 1)
        {
            InputCostUsd = cost?.InputUsd,
            Tier = deployment.Tier,
            IsBatch = true,
        });
    }
}
