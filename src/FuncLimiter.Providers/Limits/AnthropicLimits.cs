using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// Anthropic's Rate Limits API, with an admin key: groups of models that share <c>{type, value}</c> limits, of the organization and, where a
/// workspace is named, what it has of its own; what that leaves out it inherits. Paged by <c>page</c> and <c>next_page</c>
/// (platform.claude.com/docs/en/manage-claude/rate-limits-api).
/// </summary>
/// <param name="workspace">The workspace that the key belongs to; null for the default one, which can have no limits of its own.</param>
public sealed class AnthropicLimits(string? workspace) : LimitSource
{
    private const string Group = "group_type=model_group";

    private static readonly Dictionary<string, Dimension> Kinds = new(StringComparer.Ordinal)
    {
        ["requests_per_minute"] = Dimension.Requests,
        ["input_tokens_per_minute"] = Dimension.InputTokens,
        ["output_tokens_per_minute"] = Dimension.OutputTokens,
        ["tokens_per_minute"] = Dimension.Tokens,
    };

    /// <inheritdoc/>
    public override string Name => workspace is null ? "Anthropic rate limits" : "Anthropic rate limits of the workspace";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Questions =>
    [
        $"/v1/organizations/rate_limits?{Group}",
        .. workspace is null ? [] : (IEnumerable<string>)[$"/v1/organizations/workspaces/{Uri.EscapeDataString(workspace)}/rate_limits?{Group}"],
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Headers(string key) => [new("x-api-key", key), new("anthropic-version", "2023-06-01")];

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
        foreach (var group in data.EnumerateArray())
        {
            var (models, told) = (Json.At(group, "models"), Json.At(group, "limits"));
            if (models.ValueKind != JsonValueKind.Array || told.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            foreach (var limit in told.EnumerateArray())
            {
                var type = Json.Text(Json.At(limit, "type"));
                if (type is not null && Kinds.TryGetValue(type, out var dimension) && TryAmount(Json.At(limit, "value"), out var amount))
                {
                    limits.AddRange(models.EnumerateArray().Select(Json.Text).OfType<string>()
                        .Select(model => new ReadLimit(model, dimension, TimeSpan.FromMinutes(1), amount)));
                }
                else if (type is not null)
                {
                    unknown.Add(type);
                }
            }
        }

        var next = Json.Text(Json.At(body, "next_page"));
        return new(limits, unknown, next is { Length: > 0 } ? $"{question}&page={Uri.EscapeDataString(next)}" : null);
    }
}
