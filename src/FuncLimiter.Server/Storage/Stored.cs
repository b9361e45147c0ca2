using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Server.Storage;

/// <summary>How small parts of calls and answers are written into one column each.</summary>
internal static partial class Stored
{
    public static string? Headers(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        headers.Count == 0 ? null : JsonSerializer.Serialize([.. headers.Select(header => new[] { header.Key, header.Value })], StoredJson.Default.StringArrayArray);

    public static IReadOnlyList<KeyValuePair<string, string>> Headers(string? text) => text is null
        ? []
        : [.. (JsonSerializer.Deserialize(text, StoredJson.Default.StringArrayArray) ?? []).Select(pair => pair is [{ } name, { } value] ? KeyValuePair.Create(name, value) : throw new JsonException("A stored header is a name and a value."))];

    public static string? Usage(TokenUsage? usage) => usage is { } used ? JsonSerializer.Serialize(used, StoredJson.Default.TokenUsage) : null;

    public static TokenUsage? Usage(string? text) => text is null ? null : JsonSerializer.Deserialize(text, StoredJson.Default.TokenUsage);

    public static string? Labels(JobCall call) => call is { User: null, Workflow: null, Step: null, Run: null, Tier: null }
        ? null
        : JsonSerializer.Serialize([call.User, call.Workflow, call.Step, call.Run, call.Tier?.ToString()], StoredJson.Default.StringArray!);

    /// <summary>User, workflow, step, run, and tier, which older rows lack; of what newer ones have more, nothing.</summary>
    public static string?[] Labels(string? text)
    {
        var labels = new string?[5];
        var stored = text is null ? [] : JsonSerializer.Deserialize(text, StoredJson.Default.StringArray) ?? [];
        stored.AsSpan(0, Math.Min(stored.Length, labels.Length)).CopyTo(labels);
        return labels;
    }

    public static Diversion? Tier(string? text) => text is null ? null : Enum.Parse<Diversion>(text);

    /// <summary>A lane within its class. No tenant's id holds a line feed.</summary>
    public static string Lane(string tenant, string name) => $"{tenant}\n{name}";

    public static (string Tenant, string Name) Lane(string text) =>
        text.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end ? (text[..end], text[(end + 1)..]) : (text, string.Empty);

    public static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    [JsonSerializable(typeof(string[][]))]
    [JsonSerializable(typeof(string[]))]
    [JsonSerializable(typeof(TokenUsage))]
    private sealed partial class StoredJson : JsonSerializerContext;
}
