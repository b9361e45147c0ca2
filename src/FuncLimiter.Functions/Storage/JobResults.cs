using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Storage;

/// <summary>Keeps how calls ended: in their rows, and what is too large for a row beside them.</summary>
internal sealed partial class JobResults(IPayloads payloads)
{
    /// <summary>A row's column holds 64 KiB; what is larger goes beside it.</summary>
    private const int MostInRow = 60 * 1024;

    /// <summary>Writes a result into a call's row.</summary>
    public async Task PutAsync(Row item, JobItemResult result, CancellationToken cancellationToken)
    {
        item.Values["State"] = (long)result.State;
        item.Values["EndedAt"] = result.EndedAt;
        item.Values["Status"] = (long)result.Status;
        item.Values["Attempts"] = (long)result.Attempts;
        JobRows.Set(item, "Deployment", result.Deployment);
        JobRows.Set(item, "Usage", result.Usage is { } usage ? JsonSerializer.Serialize(usage, ResultJson.Default.TokenUsage) : null);
        if (result.Headers.Count > 0)
        {
            item.Values["Headers"] = JsonSerializer.Serialize(
                [.. result.Headers.Select(header => new[] { header.Key, header.Value })], ResultJson.Default.StringArrayArray);
        }

        item.Values["BodyLength"] = (long)result.Body.Length;
        if (result.Body.Length <= MostInRow)
        {
            item.Values["Body"] = result.Body.ToArray();
        }
        else
        {
            await payloads.WriteAsync(Name(item), result.Body, cancellationToken);
        }
    }

    /// <summary>Reads the result out of a call's row; null while it has not ended.</summary>
    public async Task<JobItemResult?> GetAsync(Row item, CancellationToken cancellationToken)
    {
        if (item.Time("EndedAt") is not { } endedAt)
        {
            return null;
        }

        var length = item.Number("BodyLength");
        return new JobItemResult((JobItemState)item.Number("State"), endedAt, (int)item.Number("Status"))
        {
            Attempts = (int)item.Number("Attempts"),
            Deployment = item.Text("Deployment"),
            Usage = item.Text("Usage") is { } usage ? JsonSerializer.Deserialize(usage, ResultJson.Default.TokenUsage) : null,
            Headers = item.Text("Headers") is { } headers
                ? [.. JsonSerializer.Deserialize(headers, ResultJson.Default.StringArrayArray)!.Select(pair => KeyValuePair.Create(pair[0], pair[1]))]
                : [],
            Body = length <= MostInRow ? item.Bytes("Body") : await payloads.ReadAsync(Name(item), 0, length, cancellationToken) ?? default,
        };
    }

    /// <summary>Forgets what stands beside a call's row.</summary>
    public Task DeleteAsync(Row item, CancellationToken cancellationToken) =>
        item.Number("BodyLength") > MostInRow ? payloads.DeleteAsync(Name(item), cancellationToken) : Task.CompletedTask;

    private static string Name(Row item) => $"{item.Partition}/{item.Key}";

    [JsonSerializable(typeof(string[][]))]
    [JsonSerializable(typeof(TokenUsage))]
    private sealed partial class ResultJson : JsonSerializerContext;
}
