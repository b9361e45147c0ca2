using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// OpenAI: <c>GET /v1/organization/projects/{id}/rate_limits</c>, with an admin key. A list of <c>project.rate_limit</c> with <c>model</c> and
/// <c>max_…_per_1_minute</c> or <c>_day</c>, paged by <c>after</c> (API reference, administration, project rate limits).
/// </summary>
/// <param name="project">The project's id.</param>
public sealed class OpenAILimits(string project) : LimitSource
{
    private static readonly Dictionary<string, (Dimension Dimension, TimeSpan Window)> Kinds = new(StringComparer.Ordinal)
    {
        ["max_requests_per_1_minute"] = (Dimension.Requests, TimeSpan.FromMinutes(1)),
        ["max_tokens_per_1_minute"] = (Dimension.Tokens, TimeSpan.FromMinutes(1)),
        ["max_requests_per_1_day"] = (Dimension.Requests, TimeSpan.FromDays(1)),
    };

    /// <inheritdoc/>
    public override string Name => "OpenAI project rate limits";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Questions => [$"/v1/organization/projects/{Uri.EscapeDataString(project)}/rate_limits?limit=100"];

    /// <inheritdoc/>
    public override LimitPage? Read(JsonElement body, string question)
    {
        var data = Json.At(body, "data");
        if (data.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var limits = new List<ReadLimit>();
        var unknown = new List<string>();
        foreach (var entry in data.EnumerateArray())
        {
            if (Json.Text(Json.At(entry, "model")) is not { Length: > 0 } model)
            {
                continue;
            }

            foreach (var member in entry.EnumerateObject())
            {
                var name = Json.Name(member);
                if (name is not null && Kinds.TryGetValue(name, out var kind) && TryAmount(member.Value, out var amount))
                {
                    limits.Add(new(model, kind.Dimension, kind.Window, amount));
                }
                else if (member.Value.ValueKind == JsonValueKind.Number && name is not null)
                {
                    unknown.Add(name);
                }
            }
        }

        var hasMore = Json.At(body, "has_more").ValueKind == JsonValueKind.True;
        return new(limits, unknown, hasMore && Json.Text(Json.At(body, "last_id")) is { Length: > 0 } last
            ? $"{Questions[0]}&after={Uri.EscapeDataString(last)}"
            : null);
    }
}
