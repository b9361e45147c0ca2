using System.Text.Json;
using FuncLimiter.Core.Batching;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Functions.Batches;

/// <summary>What the activities of a provider's batch do. Each does nothing a second time.</summary>
internal sealed class BatchWork(
    JobTables tables,
    JobArchive archive,
    JobResults results,
    JobCallReader reader,
    BatchChoice choice,
    UpstreamClient upstream,
    IUsageSink usage,
    BatchDeposits deposits,
    TimeProvider time)
{
    /// <summary>The names of this many budgets fit into a row, and their owners answer soon enough.</summary>
    private const int MostBudgets = 64;

    private const string Batch = "BatchId";
    private const string GivenUp = "BatchGivenUp";
    private const string Budgets = "BatchBudgets";

    /// <summary>Makes the job's batch; false where there is none to be followed.</summary>
    /// <exception cref="HttpRequestException">The provider takes no more now, or failed in a way that may pass.</exception>
    public async Task<bool> SubmitAsync(string job, CancellationToken cancellationToken)
    {
        if (await OpenAsync(job, cancellationToken) is not { } open)
        {
            return false;
        }

        if (open.Row.Text(Batch) is not null)
        {
            return true;
        }

        if (BatchValve.ComesBack(open.Offer.Terms, open.Deadline, Now))
        {
            await GiveBackAsync(job, open.Row, cancellationToken);
            return false;
        }

        // One that was made before its process died is found by the job's name, not made again.
        var batch = await open.Service.FindAsync(open.At, job, cancellationToken);
        var row = open.Row;
        if (batch is null)
        {
            var calls = await CallsAsync(open, cancellationToken);
            var most = deposits.Most(open.Offer, calls.Select(static call => call.Call));
            if (most.Count > 0)
            {
                // Where it is held is known before it is.
                row.Values[Budgets] = JsonSerializer.Serialize(most.Keys);
                if (most.Count > MostBudgets)
                {
                    return false;
                }

                if (await tables.Jobs.ReplaceAsync(row, cancellationToken) is not { } tag)
                {
                    return await SubmitAsync(job, cancellationToken);
                }

                row = row with { Tag = tag };
                if (!await deposits.HoldAsync(job, most, open.Deadline, cancellationToken))
                {
                    return false;
                }
            }

            var handIn = await open.Service.SubmitAsync(open.At, job, open.Lane.Operation, [.. calls.Select(static call => call.Form)], cancellationToken);
            batch = handIn.IsFull ? throw new HttpRequestException(handIn.Reason) : handIn.Id;
        }

        if (batch is null)
        {
            await GiveBackAsync(job, row, cancellationToken);
            return false;
        }

        row.Values[Batch] = batch;
        return await tables.Jobs.ReplaceAsync(row, cancellationToken) is not null || await SubmitAsync(job, cancellationToken);
    }

    /// <summary>Whether the batch is over, or not waited for any longer; gives it up where deadlines near.</summary>
    public async Task<bool> IsOverAsync(string job, CancellationToken cancellationToken)
    {
        if (await OpenAsync(job, cancellationToken) is not { } open || open.Row.Text(Batch) is not { } batch)
        {
            return true;
        }

        var isOver = await open.Service.IsOverAsync(open.At, batch, cancellationToken);
        if (isOver && !open.Row.IsTrue(GivenUp) && await open.Service.WasFullAsync(open.At, batch, cancellationToken))
        {
            // Made anew, it waits for room.
            open.Row.Values.Remove(Batch);
            await tables.Jobs.ReplaceAsync(open.Row, cancellationToken);
            return !await SubmitAsync(job, cancellationToken);
        }

        var step = BatchValve.Follow(open.Offer.Terms, open.Deadline, isOver, open.Row.IsTrue(GivenUp), Now);
        if (step == BatchStep.Cancel)
        {
            await open.Service.CancelAsync(open.At, batch, cancellationToken);
            open.Row.Values[GivenUp] = true;
            await tables.Jobs.ReplaceAsync(open.Row, cancellationToken);
        }

        return step is BatchStep.Fetch or BatchStep.TakeBack;
    }

    /// <summary>Gives the batch up.</summary>
    public async Task<bool> CancelAsync(string job, CancellationToken cancellationToken)
    {
        if (await OpenAsync(job, cancellationToken) is { } open && open.Row.Text(Batch) is { } batch
            && !await open.Service.IsOverAsync(open.At, batch, cancellationToken))
        {
            await open.Service.CancelAsync(open.At, batch, cancellationToken);
        }

        return true;
    }

    /// <summary>Keeps what the batch answered; calls that it did not answer, or with a failure, are left to be paced.</summary>
    /// <returns>How many it answered.</returns>
    public async Task<int> FetchAsync(string job, CancellationToken cancellationToken)
    {
        var answered = 0;
        if (await OpenAsync(job, cancellationToken) is not { } open || open.Row.Text(Batch) is not { } batch)
        {
            return answered;
        }

        // What it has not answered costs nothing once it is over; before that it may be answered still.
        var isOver = await open.Service.IsOverAsync(open.At, batch, cancellationToken);
        var spent = new Dictionary<string, SpendAmount>(StringComparer.Ordinal);
        await foreach (var answer in open.Service.FetchAsync(open.At, batch, cancellationToken))
        {
            if (answer.Status is not (>= 200 and < 300) || answer.Place < 0 || answer.Place >= open.Row.Number("Total")
                || await ReadAsync(open, answer.Place, cancellationToken) is not { } call)
            {
                continue;
            }

            deposits.Add(spent, open.Offer, call, answer);
            if (BatchResult.Of(open.Offer, call, answer, open.Row.Time("AcceptedAt")!.Value, time.GetUtcNow()) is var (result, record))
            {
                // What was given up has ended as that, and costs all the same.
                var isGivenUp = open.Row.IsTrue("Cancelled");
                if (await KeepAsync(
                    job, answer.Place, isGivenUp ? new JobItemResult(JobItemState.Cancelled, result.EndedAt, 0) : result, record, cancellationToken))
                {
                    deposits.CountSoft(open.Offer, call, answer);
                }

                answered += isGivenUp ? 0 : 1;
            }
        }

        await deposits.EndAsync(job, BudgetsOf(open.Row), budget => isOver ? spent.GetValueOrDefault(budget) : null, cancellationToken);
        return answered;
    }

    private Task GiveBackAsync(string job, Row row, CancellationToken cancellationToken) =>
        deposits.EndAsync(job, BudgetsOf(row), static _ => SpendAmount.None, cancellationToken);

    private static string[] BudgetsOf(Row row) => row.Text(Budgets) is { } names ? JsonSerializer.Deserialize<string[]>(names)! : [];

    private Instant Now => Instant.From(time.GetUtcNow());

    private async Task<OpenBatchJob?> OpenAsync(string job, CancellationToken cancellationToken) =>
        await tables.Jobs.FindAsync(job, JobRows.Job, cancellationToken) is { } row && row.Text("Batch") is { } text && choice.Find(text) is var (lane, offer)
            ? new OpenBatchJob(row, lane, offer, offer.At(upstream))
            : null;

    private async Task<IReadOnlyList<(CallEnvelope Call, BatchCall Form)>> CallsAsync(OpenBatchJob job, CancellationToken cancellationToken)
    {
        var calls = new List<(CallEnvelope Call, BatchCall Form)>();
        for (var index = 0; index < job.Row.Number("Total"); index++)
        {
            if (await ReadAsync(job, index, cancellationToken) is { } call && BatchForm.Find(job.Offer, call) is { } form)
            {
                calls.Add((call, new BatchCall(index, form.Write())));
            }
        }

        return calls;
    }

    private async Task<CallEnvelope?> ReadAsync(OpenBatchJob job, int index, CancellationToken cancellationToken) =>
        await archive.ReadAsync(job.Row.Partition, index, cancellationToken) is var (call, _) && reader.TryRead(call, job.Row.Text("Tenant")!, out var envelope, out _)
            ? envelope
            : null;

    // False where it was kept before.
    private async Task<bool> KeepAsync(string job, int index, JobItemResult result, UsageRecord record, CancellationToken cancellationToken)
    {
        var item = LegRow.New(job, index).Row;
        await results.PutAsync(item, result, cancellationToken);
        if (await tables.Jobs.AddAsync(item, cancellationToken) is null)
        {
            return false;
        }

        usage.Record(record);
        return true;
    }

    private sealed record OpenBatchJob(Row Row, BatchLane Lane, BatchOffer Offer, BatchAccount At)
    {
        public ProviderBatches Service => Offer.Service;

        public Instant Deadline => Row.Time("FirstDeadline") is { } deadline ? Instant.From(deadline) : Instant.Never;
    }
}

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
