using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Gateway.Jobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// Keeps jobs in tables and payloads, and has an orchestration run each. The orchestration's id is the job's, so a job is never run twice;
/// one that was stored and not begun, since its process died in between, is begun by the sweep.
/// </summary>
internal sealed class DurableJobStore(
    JobTables tables, JobArchive archive, JobResults results, JobFinder finder, BatchChoice batches, DurableClientSource clients, TimeProvider time)
    : IJobStore
{
    /// <summary>How long a count of what waits is believed.</summary>
    private static readonly TimeSpan CountFor = TimeSpan.FromSeconds(15);

    private const int MostCounted = 100_000;
    private const int MostRead = 1000;
    private const int MostAtOnce = 50;

    private (DateTimeOffset At, long Calls) _counted;

    /// <inheritdoc/>
    public async Task<JobAddition> AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken)
    {
        if (job.IdempotencyKey is { } key && await ClaimAsync(job, key, cancellationToken) is { } known)
        {
            if (known.Kind != JobAdditionKind.Known || await tables.Jobs.FindAsync(known.Id!, JobRows.Job, cancellationToken) is not null)
            {
                return known;
            }

            // Whoever claimed the key died before the job was stored: it is stored now, under the id that was claimed.
            job = job with { Id = known.Id! };
        }

        if (await WaitingAsync(cancellationToken) + job.Items.Count > mostWaiting)
        {
            await ReleaseAsync(job, cancellationToken);
            return new JobAddition(JobAdditionKind.Full, null);
        }

        await archive.WriteAsync(job.Id, job.Items, cancellationToken);
        await tables.Jobs.WriteAsync([OpenRow(job)], cancellationToken);
        var row = JobRows.Of(job);
        if (batches.For(job) is { } lane)
        {
            row.Values["Batch"] = lane.ToString();
            row.Values["FirstDeadline"] = job.Items.Min(item => item.Deadline);
        }

        await tables.Jobs.WriteAsync([row], cancellationToken);
        await BeginAsync(await clients.GetAsync(cancellationToken), row, cancellationToken);
        return new JobAddition(JobAdditionKind.Added, job.Id);
    }

    /// <inheritdoc/>
    public async Task<bool> CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (await finder.FindRowAsync(tenant, id, cancellationToken) is { } row)
        {
            if (row.Time("EndedAt") is not null)
            {
                return true;
            }

            // From here on no call begins; those that have begun have rows.
            row.Values["Cancelled"] = true;
            if (await tables.Jobs.ReplaceAsync(row, cancellationToken) is not null)
            {
                await tables.Jobs.WriteAsync([new Row(JobRows.GivenUp, id)], cancellationToken);
                await (await clients.GetAsync(cancellationToken)).RaiseEventAsync(id, PacedCall.Cancel, true, cancellationToken);
                await EndAsync(row, now, cancellationToken);
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) =>
        finder.FindAsync(tenant, id, page, cancellationToken);

    /// <inheritdoc/>
    public async Task<int> SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken)
    {
        var ended = await tables.Jobs.ReadAsync(JobRows.Ended, "", JobRows.EndedKey(endedBefore, ""), most, cancellationToken);
        foreach (var entry in ended)
        {
            var job = entry.Text("Job")!;
            IReadOnlyList<Row> rows;
            do
            {
                rows = await tables.Jobs.ReadAsync(job, "", JobRows.Last, 1000, cancellationToken);
                foreach (var row in rows)
                {
                    await results.DeleteAsync(row, cancellationToken);
                }

                await tables.Jobs.DeleteAsync(rows, cancellationToken);
            }
            while (rows.Count > 0);
            await archive.DeleteAsync(job, cancellationToken);
            await tables.Jobs.DeleteAsync([entry, new Row(JobRows.GivenUp, job)], cancellationToken);
        }

        return ended.Count;
    }

    /// <summary>Begins jobs that were stored and not begun.</summary>
    /// <param name="storedBefore">Those that were stored later may just be being begun.</param>
    /// <param name="most">How many at once.</param>
    /// <returns>How many.</returns>
    public async Task<int> BeginForgottenAsync(DateTimeOffset storedBefore, int most, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var begun = 0;
        var open = await tables.Jobs.ReadAsync(JobRows.Open, "", JobRows.Last, MostCounted, cancellationToken);
        foreach (var entry in open.Where(entry => entry.Time("AcceptedAt") < storedBefore))
        {
            if (begun == most)
            {
                break;
            }

            if (await client.GetInstanceAsync(entry.Key, false, cancellationToken) is not null)
            {
                continue;
            }

            if (await tables.Jobs.FindAsync(entry.Key, JobRows.Job, cancellationToken) is not { } job)
            {
                // Never accepted: its caller was told of no job.
                await archive.DeleteAsync(entry.Key, cancellationToken);
                await tables.Jobs.DeleteAsync([entry], cancellationToken);
                continue;
            }

            await BeginAsync(client, job, cancellationToken);
            begun++;
        }

        return begun;
    }

    private static async Task BeginAsync(DurableTaskClient client, Row job, CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(job.Partition, false, cancellationToken) is null)
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                job.Text("Batch") is not null ? nameof(ProviderBatch) : job.IsTrue("IsList") ? nameof(PacedBatch) : nameof(PacedCall),
                new JobTicket { Job = job.Partition, Total = (int)job.Number("Total") },
                new StartOrchestrationOptions(job.Partition),
                cancellationToken);
        }
    }

    /// <summary>
    /// Ends a job that was given up, and its calls that have not ended: whoever gives it up is told its end. The orchestration, which is told
    /// too, ends it the same way where it is quicker.
    /// </summary>
    private async Task EndAsync(Row given, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var total = (int)given.Number("Total");
        var ended = new JobTally();
        for (var from = 0; from < total; from += MostRead)
        {
            var rows = await tables.Jobs.ReadAsync(
                given.Partition, JobRows.ItemKey(from), JobRows.ItemKey(Math.Min(total, from + MostRead)), MostRead, cancellationToken);
            foreach (var some in rows.Chunk(MostAtOnce))
            {
                var states = await Task.WhenAll(some.Select(row => EndCallAsync(row, now, cancellationToken)));
                ended = states.Aggregate(ended, static (tally, state) => tally.With(state));
            }
        }

        ended = ended with { Cancelled = ended.Cancelled + total - ended.Sum() };
        while (await tables.Jobs.FindAsync(given.Partition, JobRows.Job, cancellationToken) is { } job && job.Time("EndedAt") is null)
        {
            job.Values["EndedAt"] = now;
            JobFinder.Put(job, ended);
            await tables.Jobs.ReplaceAsync(job, cancellationToken);
        }
    }

    /// <returns>How the call ended, where it had not: as cancelled.</returns>
    private async Task<JobItemState> EndCallAsync(Row row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (true)
        {
            var leg = new LegRow(row);
            if (leg.Ended is { } state)
            {
                return state;
            }

            var over = leg.Over().Row;
            await results.PutAsync(over, new JobItemResult(JobItemState.Cancelled, now, 0), cancellationToken);
            if (await tables.Jobs.ReplaceAsync(over, cancellationToken) is not null)
            {
                return JobItemState.Cancelled;
            }

            row = await tables.Jobs.FindAsync(row.Partition, row.Key, cancellationToken) ?? row;
        }
    }

    private static Row OpenRow(NewJob job) => new(JobRows.Open, job.Id)
    {
        Values = { ["Calls"] = (long)job.Items.Count, ["AcceptedAt"] = job.AcceptedAt },
    };

    /// <returns>What is known under the key; null where it is this job's now.</returns>
    private async Task<JobAddition?> ClaimAsync(NewJob job, string key, CancellationToken cancellationToken)
    {
        var partition = JobRows.KeyPartition(job.Tenant, key);
        var claim = new Row(partition, JobRows.Job) { Values = { ["Job"] = job.Id, ["Fingerprint"] = job.Fingerprint.ToArray() } };
        if (await tables.Jobs.AddAsync(claim, cancellationToken) is not null)
        {
            return null;
        }

        if (await tables.Jobs.FindAsync(partition, JobRows.Job, cancellationToken) is not { } known)
        {
            return await ClaimAsync(job, key, cancellationToken);
        }

        return known.Bytes("Fingerprint").AsSpan().SequenceEqual(job.Fingerprint.Span)
            ? new JobAddition(JobAdditionKind.Known, known.Text("Job"))
            : new JobAddition(JobAdditionKind.Different, null);
    }

    private Task ReleaseAsync(NewJob job, CancellationToken cancellationToken) => job.IdempotencyKey is { } key
        ? tables.Jobs.DeleteAsync([new Row(JobRows.KeyPartition(job.Tenant, key), JobRows.Job)], cancellationToken)
        : Task.CompletedTask;

    private async Task<long> WaitingAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _counted.At > CountFor)
        {
            var open = await tables.Jobs.ReadAsync(JobRows.Open, "", JobRows.Last, MostCounted, cancellationToken);
            _counted = (now, open.Sum(entry => entry.Number("Calls")));
        }

        return _counted.Calls;
    }
}
