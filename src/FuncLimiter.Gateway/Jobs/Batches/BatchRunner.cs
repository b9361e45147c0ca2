using FuncLimiter.Core.Batching;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Providers.Batches;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>
/// Carries out what <see cref="BatchValve"/> decides: hands in what was collected, follows it, and gives back what comes back. One thing
/// after the other; all that must outlive the process is in the store before the next step.
/// </summary>
internal sealed class BatchRunner(
    IBatchStore store, BatchOffers offers, BatchHandling handling, UpstreamClient upstream, JobSignals signals, TimeProvider time, ILogger<BatchRunner> logger)
    : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Where no batch service is used, only what an earlier configuration left behind is looked for.</summary>
    private static readonly TimeSpan IdleTick = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, DateTimeOffset> _lookedAt = new(StringComparer.Ordinal);
    private readonly HashSet<string> _begunHere = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(offers.Any ? Tick : IdleTick, time);
        try
        {
            do
            {
                await TurnAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the next process goes on where this one was.
        }
    }

    /// <summary>Looks at everything once.</summary>
    internal async Task TurnAsync(CancellationToken cancellationToken)
    {
        try
        {
            var open = await store.OpenAsync(cancellationToken);
            handling.Forget(open);
            foreach (var batch in open)
            {
                await TryAsync(batch.Id, () => ContinueAsync(batch, cancellationToken), cancellationToken);
            }

            foreach (var (lane, pile) in await store.PilesAsync(cancellationToken))
            {
                var queued = open.Where(batch => batch.Lane.Deployment == lane.Deployment).Sum(batch => batch.Tokens);
                await TryAsync(lane.ToString(), () => DecideAsync(lane, pile, queued, cancellationToken), cancellationToken);
            }
        }
        catch (Exception trouble) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogError(trouble, "Batches can't be read from the store; trying again.");
        }
    }

    private async Task TryAsync(string what, Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act();
        }
        catch (Exception trouble) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(trouble, "The batch service could not be used for {What}; trying again.", what);
        }
    }

    private async Task DecideAsync(BatchLane lane, BatchPile pile, long queuedTokens, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var offer = offers.Find(lane.Deployment);
        switch (offer is null ? BatchMove.GiveBack : BatchValve.Decide(offer.Terms, pile, Instant.From(now)))
        {
            case BatchMove.GiveBack:
                var nears = offer is not null && BatchValve.ComesBack(offer.Terms, pile.FirstDeadline, Instant.From(now));
                await store.GiveBackAsync(lane, nears ? now + offer!.Terms.Reserve + Tick : null);
                signals.Work.Set();
                break;
            case BatchMove.Submit:
                var calls = BatchValve.Fill(offer!.Terms, await store.SizesAsync(lane, offer.Terms.MostCalls, cancellationToken), queuedTokens);
                if (calls > 0)
                {
                    var id = $"batch_{Guid.NewGuid():N}";
                    _begunHere.Add(id);
                    await store.BeginAsync(id, lane, calls, now);
                }

                break;
        }
    }

    private async Task ContinueAsync(OpenBatch batch, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var every = offers.Find(batch.Lane.Deployment)?.Terms.PollEvery ?? Tick;
        if (_lookedAt.TryGetValue(batch.Id, out var lookedAt) && now < lookedAt + every)
        {
            return;
        }

        _lookedAt[batch.Id] = now;
        if (offers.Find(batch.Lane.Deployment) is not { } offer)
        {
            logger.LogWarning("{Batch} was handed in at {Deployment}, whose batch service is not to be used any more; its calls are made normally.", batch.Id, batch.Lane.Deployment);
            await CloseAsync(batch, mayBeAnswered: batch.ProviderId is not null);
        }
        else if (batch.ProviderId is null)
        {
            await HandInAsync(offer, batch, now, cancellationToken);
        }
        else
        {
            await FollowAsync(offer, batch, now, cancellationToken);
        }
    }

    private async Task HandInAsync(BatchOffer offer, OpenBatch batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (batch.FirstDeadline is not { } deadline || BatchValve.ComesBack(offer.Terms, Instant.From(deadline), Instant.From(now)))
        {
            await CloseAsync(batch);
            return;
        }

        // Who began it may have died after the provider took it.
        var isFirst = _begunHere.Remove(batch.Id);
        var handIn = await handling.HandInAsync(offer, batch, mayBeThere: !isFirst, cancellationToken);
        if (handIn.Id is { } id)
        {
            await store.SubmittedAsync(batch.Id, id);
        }
        else if (!handIn.IsFull)
        {
            logger.LogWarning("{Batch} was not taken by {Deployment}: {Reason} Its calls are made normally.", batch.Id, batch.Lane.Deployment, handIn.Reason);
            await CloseAsync(batch);
        }
    }

    private async Task FollowAsync(BatchOffer offer, OpenBatch batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var deadline = batch.FirstDeadline is { } first ? Instant.From(first) : Instant.Never;
        var (service, at, id) = (offer.Service, offer.At(upstream), batch.ProviderId!);
        var isOver = await service.IsOverAsync(at, id, cancellationToken);
        switch (BatchValve.Follow(offer.Terms, deadline, isOver, batch.IsCancelled, Instant.From(now)))
        {
            case BatchStep.Fetch when !batch.IsCancelled && await service.WasFullAsync(at, id, cancellationToken):
                // It is handed in anew at the next look, and the ones after, until there is room or its deadlines near.
                await store.SubmittedAsync(batch.Id, null);
                break;
            case BatchStep.Fetch:
                await handling.FetchAsync(offer, batch, cancellationToken);
                await CloseAsync(batch);
                break;
            case BatchStep.Cancel:
                await service.CancelAsync(at, id, cancellationToken);
                await store.CancelledAsync(batch.Id);
                break;
            case BatchStep.TakeBack:
                await CloseAsync(batch, mayBeAnswered: true);
                break;
        }
    }

    private async Task CloseAsync(OpenBatch batch, bool mayBeAnswered = false)
    {
        handling.Settle(batch, mayBeAnswered);
        var back = await store.CloseAsync(batch.Id);
        _lookedAt.Remove(batch.Id);
        if (back > 0)
        {
            logger.LogInformation("{Count} calls of {Batch} were not answered by it; they are made normally.", back, batch.Id);
            signals.Work.Set();
        }
    }
}

/// <summary>What one batch's calls are at its provider, and its answers to them.</summary>
internal sealed class BatchHandling(
    IBatchStore store, IJobSource jobs, JobCallReader reader, UpstreamClient upstream, IUsageSink usage, JobSignals signals, JobPace pace, TimeProvider time,
    SpendDesk spending, Estimator estimator)
{
    /// <summary>Results are stored in groups, so that many share one flush to disk.</summary>
    private const int Group = 256;

    /// <summary>Hands a batch in, or finds the one that was.</summary>
    public async Task<BatchHandIn> HandInAsync(BatchOffer offer, OpenBatch batch, bool mayBeThere, CancellationToken cancellationToken)
    {
        var account = offer.At(upstream);
        if (mayBeThere && await offer.Service.FindAsync(account, batch.Id, cancellationToken) is { } found)
        {
            return BatchHandIn.Taken(found);
        }

        var holding = new List<(BatchCall Call, Task<bool> Held)>();
        foreach (var (place, item) in await store.ItemsAsync(batch.Id, cancellationToken))
        {
            if (reader.TryRead(item.Call, item.Tenant, out var call, out _) && BatchForm.Find(offer, call) is { } form)
            {
                holding.Add((new BatchCall(place, form.Write()), spending.DepositAsync(batch.Id, place, BatchBill.Of(offer, call), BatchBill.Most(offer, call, estimator))));
            }
        }

        var held = (await Task.WhenAll(holding.Select(static call => call.Held))).Zip(holding).ToLookup(static pair => pair.First, static pair => pair.Second.Call);
        if (held[false].Any())
        {
            // What their budgets don't hold waits for them as calls of jobs do.
            await store.LeaveOutAsync(batch.Id, [.. held[false].Select(static call => call.Place)]);
            signals.Work.Set();
        }

        return !held[true].Any()
            ? BatchHandIn.Never("None of its calls can be made there any more.")
            : await offer.Service.SubmitAsync(account, batch.Id, batch.Lane.Operation, [.. held[true]], cancellationToken);
    }

    /// <summary>Ends what is held for a batch's calls that it did not answer.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="mayBeAnswered">Whether the provider may answer them still, and charge for it.</param>
    public void Settle(OpenBatch batch, bool mayBeAnswered) => spending.EndDeposits(batch.Id, mayBeAnswered);

    /// <summary>Ends what is held for batches that are over: it may have been answered.</summary>
    public void Forget(IReadOnlyList<OpenBatch> open)
    {
        foreach (var over in spending.Depositors.Except(open.Select(static batch => batch.Id)))
        {
            spending.EndDeposits(over, isSpent: true);
        }
    }

    /// <summary>Ends the calls that it answered.</summary>
    public async Task FetchAsync(BatchOffer offer, OpenBatch batch, CancellationToken cancellationToken)
    {
        var items = (await store.ItemsAsync(batch.Id, cancellationToken)).ToDictionary(entry => entry.Place, entry => entry.Item);
        var ending = new List<Task>(Group);
        if (items.Count == 0 && !spending.Depositors.Contains(batch.Id))
        {
            return;
        }

        await foreach (var answer in offer.Service.FetchAsync(offer.At(upstream), batch.ProviderId!, cancellationToken))
        {
            if (items.Remove(answer.Place, out var item) && reader.TryRead(item.Call, item.Tenant, out var call, out _)
                && BatchResult.Of(offer, call, answer, batch.BegunAt, time.GetUtcNow()) is var (result, record))
            {
                ending.Add(EndAsync(item, result, record));
            }

            if (answer.Status is >= 200 and < 300)
            {
                // A call that was given up meanwhile has cost what it has.
                spending.EndDeposit(batch.Id, answer.Place, BatchResult.SpentOn(offer, answer, time.GetUtcNow()));
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

    private async Task EndAsync(JobItem item, JobItemResult result, UsageRecord record)
    {
        if (await jobs.EndAsync(item.Key, result))
        {
            pace.Ended(item.Tenant);
            usage.Record(record);
        }
    }
}
