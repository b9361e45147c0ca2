using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>
/// Reads <c>{"clear":true,"rules":[{"kind":"500","deployment":"a","afterSeconds":0,"forSeconds":10,"every":2,"chance":1,"count":5,
/// "value":1,"dimension":"tokens"}]}</c>; all but <c>kind</c> may be left out.
/// </summary>
internal static class FaultRuleReader
{
    /// <exception cref="FormatException">Something in it is not what it should be.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static (IReadOnlyList<FaultRule> Rules, bool Clear) Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Give an object with 'rules', 'clear' or both.");
        }

        var clear = root.TryGetProperty("clear", out var flag) && flag.ValueKind == JsonValueKind.True;
        return (root.TryGetProperty("rules", out var rules) ? [.. rules.EnumerateArray().Select(ReadRule)] : [], clear);
    }

    private static FaultRule ReadRule(JsonElement rule)
    {
        var name = rule.TryGetProperty("kind", out var given) ? given.ToString() : "";
        var kind = FaultNames.Parse(name) ?? throw new FormatException($"'kind' must be one of {FaultNames.All}, not '{name}'.");
        var dimension = rule.TryGetProperty("dimension", out var text) ? text.ToString() : nameof(LimitDimension.Tokens);
        if (!Enum.TryParse<LimitDimension>(dimension, ignoreCase: true, out var parsed))
        {
            var names = string.Join(", ", Enum.GetNames<LimitDimension>());
            throw new FormatException($"'dimension' must be one of {names}, not '{dimension}'.");
        }

        return new FaultRule(kind)
        {
            Deployment = rule.TryGetProperty("deployment", out var deployment) ? deployment.GetString() : null,
            After = TimeSpan.FromSeconds(Number(rule, "afterSeconds") ?? 0),
            For = Number(rule, "forSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Every = (int)(Number(rule, "every") ?? 1),
            Chance = Number(rule, "chance") ?? 1,
            Count = (int?)Number(rule, "count"),
            Value = Number(rule, "value"),
            Dimension = parsed,
        };
    }

    private static double? Number(JsonElement rule, string name)
    {
        if (!rule.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.GetDouble() >= 0
            ? value.GetDouble()
            : throw new FormatException($"'{name}' must be a number, 0 or more.");
    }
}
