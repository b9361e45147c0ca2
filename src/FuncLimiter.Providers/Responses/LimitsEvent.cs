using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>OpenAI's realtime event <c>rate_limits.updated</c>.</summary>
internal static class LimitsEvent
{
    /// <summary>Adds the limits that the event tells; an undefined element adds none.</summary>
    public static void Read(JsonElement root, LimitTable limits)
    {
        if (Json.At(root, "rate_limits") is not { ValueKind: JsonValueKind.Array } told)
        {
            return;
        }

        foreach (var item in told.EnumerateArray())
        {
            if (Json.Word(item, "name") is { Length: > 0 and < 64 } name)
            {
                var limit = new NamedLimit(Known(item, "limit"), Known(item, "remaining"), Known(item, "reset_seconds"));
                limits.Add(name, limit, LimitNames.DimensionOf(name), null);
            }
        }
    }

    private static double? Known(JsonElement item, string name) => Json.NumberAt(item, name) is >= 0 and var number ? number : null;
}
