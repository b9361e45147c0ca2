using System.Text.Json;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Storage;

/// <summary>Reads jobs as they stand: what has ended from its rows, how far the rest is from the orchestration's custom status.</summary>
internal sealed class JobFinder(JobTables tables, JobResults results, DurableClientSource clients)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    /// <summary>A tenant's job's row; null where it has none such.</summary>
    public async Task<Row?> FindRowAsync(string tenant, string id, CancellationToken cancellationToken) =>
        id.Length is > 0 and <= 64 && id.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')
        && await tables.Jobs.FindAsync(id, JobRows.Job, cancellationToken) is { } row && row.Text("Tenant") == tenant
            ? row
            : null;

    /// <summary>A tenant's job; null where it has none such.</summary>
    public async Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken)
    {
        if (await FindRowAsync(tenant, id, cancellationToken) is not { } row)
        {
            return null;
        }

        var total = (int)row.Number("Total");
        var endedAt = row.Time("EndedAt");
        var status = endedAt is null ? await StatusAsync(row, total, cancellationToken) : new JobStatus(0, TallyOf(row), null);
        var ended = status.Ended;
        var progress = new JobProgress(
            total, Math.Min(status.Running, total - ended.Sum()), ended.Succeeded, ended.Failed, ended.Cancelled, ended.Expired);
        return new JobSnapshot(
            id, tenant, row.IsTrue("IsList"), row.Time("AcceptedAt") ?? default, endedAt, progress,
            await ItemsAsync(id, total, page, endedAt is not null, cancellationToken))
        {
            Place = progress.Waiting > 0 ? new JobPlace(progress.Running, progress.Running + progress.Waiting - 1, status.NextAt) { OwnAheadOfLast = progress.Waiting - 1 } : null,
            Delivery = JobRows.Delivery(row),
        };
    }

    /// <summary>Writes counts into a job's row.</summary>
    public static void Put(Row job, JobTally ended)
    {
        (job.Values["Succeeded"], job.Values["Failed"]) = ((long)ended.Succeeded, (long)ended.Failed);
        (job.Values["CancelledCalls"], job.Values["Expired"]) = ((long)ended.Cancelled, (long)ended.Expired);
    }

    private static JobTally TallyOf(Row job) => new(
        (int)job.Number("Succeeded"), (int)job.Number("Failed"), (int)job.Number("CancelledCalls"), (int)job.Number("Expired"));

    /// <summary>
    /// How far a job is. A host that lost the orchestration may write an older status over a newer one, so what was shown is kept in the job's
    /// row, and never goes back.
    /// </summary>
    private async Task<JobStatus> StatusAsync(Row job, int total, CancellationToken cancellationToken)
    {
        var status = await ToldAsync(job.Partition, cancellationToken);
        while (true)
        {
            var shown = TallyOf(job);
            var ended = shown.Max(status.Ended) is var both && both.Sum() <= total ? both : shown;
            if (ended == shown)
            {
                return status with { Ended = ended };
            }

            Put(job, ended);
            if (await tables.Jobs.ReplaceAsync(job, cancellationToken) is not null)
            {
                return status with { Ended = ended };
            }

            if (await tables.Jobs.FindAsync(job.Partition, JobRows.Job, cancellationToken) is not { } newer || newer.Time("EndedAt") is not null)
            {
                // It has ended or was forgotten since it was read: it is shown as it stood.
                return status with { Ended = ended };
            }

            job = newer;
        }
    }

    /// <summary>What the orchestration told last; a generation that has told nothing yet began with what the one before it knew.</summary>
    private async Task<JobStatus> ToldAsync(string id, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var found = await client.GetInstanceAsync(id, true, cancellationToken);
        return found?.SerializedCustomStatus is { } text && JsonSerializer.Deserialize<JobStatus>(text, Json) is { Ended: not null } status ? status
            : found?.SerializedInput is { } input && JsonSerializer.Deserialize<JobTicket>(input, Json) is { Ended: not null } ticket
            ? new JobStatus(0, ticket.Ended, null)
            : new JobStatus(0, new JobTally(), null);
    }

    private async Task<IReadOnlyList<JobItemSnapshot>> ItemsAsync(
        string id, int total, JobPage page, bool hasEnded, CancellationToken cancellationToken)
    {
        var before = Math.Min(total, page.From + page.MostItems);
        if (page.From >= before)
        {
            return [];
        }

        var rows = await tables.Jobs.ReadAsync(id, JobRows.ItemKey(page.From), JobRows.ItemKey(before), page.MostItems, cancellationToken);
        var byIndex = rows.ToDictionary(row => JobRows.IndexOf(row.Key));
        var items = new List<JobItemSnapshot>();
        var bytes = 0L;
        for (var index = page.From; index < before; index++)
        {
            var row = byIndex.GetValueOrDefault(index);
            bytes += row?.Number("BodyLength") ?? 0;
            if (items.Count > 0 && bytes > page.MostBytes)
            {
                break;
            }

            items.Add(await ItemAsync(index, row, hasEnded, cancellationToken));
        }

        return items;
    }

    private async Task<JobItemSnapshot> ItemAsync(int index, Row? row, bool hasEnded, CancellationToken cancellationToken)
    {
        if (row is not null && await results.GetAsync(row, cancellationToken) is { } result)
        {
            return new JobItemSnapshot(index, result.State, result);
        }

        // A job ends before its calls only where it was given up.
        var state = hasEnded ? JobItemState.Cancelled
            : row is not null && new LegRow(row).RunUntil is not null ? JobItemState.Running
            : JobItemState.Waiting;
        return new JobItemSnapshot(index, state, null);
    }
}
