using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Storage;

/// <summary>Keeps answers under idempotency keys, in a partition for each day on which they expire.</summary>
internal sealed class TableAnswers(JobTables tables, JobResults results) : IIdempotencyStore
{
    private const string Answer = "answer";
    private const string Expiring = "expiring";

    /// <inheritdoc/>
    public async Task<StoredAnswer?> FindAsync(string tenant, string key, DateTimeOffset now, CancellationToken cancellationToken) =>
        await tables.Answers.FindAsync(Partition(tenant, key), Answer, cancellationToken) is { } row && row.Time("ExpiresAt") > now
        && await results.GetAsync(row, cancellationToken) is { } result
            ? new StoredAnswer(
                row.Bytes("Fingerprint"), new CallResult(result.Status, result.Headers, result.Body, result.Deployment, result.Usage, result.Attempts))
            : null;

    /// <inheritdoc/>
    public async Task StoreAsync(string tenant, string key, StoredAnswer answer, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        var row = new Row(Partition(tenant, key), Answer) { Values = { ["ExpiresAt"] = expiresAt, ["Fingerprint"] = answer.Fingerprint.ToArray() } };
        var (status, headers, body, deployment, usage, attempts) = answer.Answer;
        await results.PutAsync(
            row,
            new JobItemResult(JobItemState.Succeeded, now, status)
            {
                Headers = headers,
                Body = body,
                Deployment = deployment,
                Usage = usage,
                Attempts = attempts,
            },
            CancellationToken.None);
        var entry = new Row(Expiring, $"{JobRows.EndedKey(expiresAt, row.Partition)}") { Values = { ["Partition"] = row.Partition } };
        await tables.Answers.WriteAsync([entry], CancellationToken.None);
        if (await tables.Answers.AddAsync(row, CancellationToken.None) is null
            && await tables.Answers.FindAsync(row.Partition, Answer, CancellationToken.None) is { } old && old.Time("ExpiresAt") <= now)
        {
            await tables.Answers.ReplaceAsync(row with { Tag = old.Tag }, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var entries = await tables.Answers.ReadAsync(Expiring, "", JobRows.EndedKey(now, ""), most, cancellationToken);
        foreach (var entry in entries)
        {
            if (await tables.Answers.FindAsync(entry.Text("Partition")!, Answer, cancellationToken) is { } row && row.Time("ExpiresAt") <= now)
            {
                await results.DeleteAsync(row, cancellationToken);
                await tables.Answers.DeleteAsync([row], cancellationToken);
            }
        }

        await tables.Answers.DeleteAsync(entries, cancellationToken);
        return entries.Count;
    }

    private static string Partition(string tenant, string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{key}")));
}
