using FuncLimiter.Gateway.Batches;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Batches;

/// <summary>Chooses the jobs that a provider's batch service takes: lists of calls that may all be in one batch.</summary>
internal sealed class BatchChoice(BatchOffers offers)
{
    /// <summary>What the calls of a job have in common where a batch service takes them all; null where none does.</summary>
    public BatchLane? For(NewJob job)
    {
        if (!offers.Any || !job.IsList || job.Items[0].Call.Batch is not { } lane || job.Items.Any(item => item.Call.Batch != lane)
            || offers.Find(lane.Deployment) is not { Terms: var terms })
        {
            return null;
        }

        return job.Items.Count >= terms.FewestCalls && job.Items.Count <= terms.MostCalls
            && job.Items.Sum(item => (long)item.Call.Body.Length) <= terms.MostBytes
            && !(job.Items.Sum(item => item.Call.BatchTokens) > terms.MostQueuedTokens)
            ? lane
            : null;
    }

    /// <summary>The offer of a lane that was chosen, as it was written; null where it is not to be used any more.</summary>
    public (BatchLane Lane, BatchOffer Offer)? Find(string text) =>
        BatchLane.Parse(text) is { } lane && offers.Find(lane.Deployment) is { } offer ? (lane, offer) : null;
}
