using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Upstream;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Gateway.Batches;

/// <summary>What is done with one batch at its provider.</summary>
internal sealed class BatchHandling(
    IBatchStore store, IJobSource jobs, JobCallReader reader, UpstreamClient upstream, IUsageSink usage, JobSignals signals, JobPace pace, TimeProvider time)
{
    /// <summary>Results are stored in groups, so that many share one flush to disk.</summary>
    private const int Group = 256;

    /// <summary>Hands a batch in, or finds the one that was.</summary>
    public async Task<BatchHandIn> HandInAsync(BatchOffer offer, OpenBatch batch, bool mayBeThere, CancellationToken cancellationToken)
    {
        var account = AccountOf(offer);
        if (mayBeThere && await offer.Service.FindAsync(account, batch.Id, cancellationToken) is { } found)
        {
            return BatchHandIn.Taken(found);
        }

        var calls = new List<BatchCall>();
        foreach (var (place, item) in await store.ItemsAsync(batch.Id, cancellationToken))
        {
            if (reader.TryRead(item.Call, item.Tenant, out var call, out _) && BatchForm.Find(offer, call) is { } form)
            {
                calls.Add(new BatchCall(place, form.Write()));
            }
        }

        return calls.Count == 0
            ? BatchHandIn.Never("None of its calls can be made there any more.")
            : await offer.Service.SubmitAsync(account, batch.Id, batch.Lane.Operation, calls, cancellationToken);
    }

    /// <summary>Whether the provider is done with it.</summary>
    public Task<bool> IsOverAsync(BatchOffer offer, OpenBatch batch, CancellationToken cancellationToken) =>
        offer.Service.IsOverAsync(AccountOf(offer), batch.ProviderId!, cancellationToken);

    /// <summary>Whether the provider gave it up because its queue was full.</summary>
    public Task<bool> WasFullAsync(BatchOffer offer, OpenBatch batch, CancellationToken cancellationToken) =>
        offer.Service.WasFullAsync(AccountOf(offer), batch.ProviderId!, cancellationToken);

    /// <summary>Gives it up.</summary>
    public Task CancelAsync(BatchOffer offer, OpenBatch batch, CancellationToken cancellationToken) =>
        offer.Service.CancelAsync(AccountOf(offer), batch.ProviderId!, cancellationToken);

    /// <summary>Ends the calls that it answered.</summary>
    public async Task FetchAsync(BatchOffer offer, OpenBatch batch, CancellationToken cancellationToken)
    {
        var items = (await store.ItemsAsync(batch.Id, cancellationToken)).ToDictionary(entry => entry.Place, entry => entry.Item);
        var ending = new List<Task>(Group);
        if (items.Count == 0)
        {
            return;
        }

        await foreach (var answer in offer.Service.FetchAsync(AccountOf(offer), batch.ProviderId!, cancellationToken))
        {
            if (items.Remove(answer.Place, out var item) && reader.TryRead(item.Call, item.Tenant, out var call, out _)
                && BatchResult.Of(offer, call, answer, batch.BegunAt, time.GetUtcNow()) is var (result, record))
            {
                ending.Add(EndAsync(item.Key, result, record));
            }

            if (ending.Count == Group)
            {
                await Task.WhenAll(ending);
                ending.Clear();
            }
        }

        await Task.WhenAll(ending);
        signals.Ended.Set();
    }

    private async Task EndAsync(JobItemKey key, JobItemResult result, UsageRecord record)
    {
        if (await jobs.EndAsync(key, result))
        {
            pace.Ended();
            usage.Record(record);
        }
    }

    private BatchAccount AccountOf(BatchOffer offer) => new(offer.Deployment.Target, upstream.Invoker);
}
