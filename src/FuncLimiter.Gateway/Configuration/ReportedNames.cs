using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>The names of priorities in what FuncLimiter reports.</summary>
internal static class PriorityName
{
    public static string Of(Priority priority) => priority switch
    {
        Priority.Interactive => "interactive",
        Priority.Standard => "standard",
        _ => "background",
    };
}

/// <summary>The names of dimensions in what FuncLimiter reports.</summary>
internal static class DimensionName
{
    public static string Of(Dimension dimension) => dimension switch
    {
        Dimension.Requests => "requests",
        Dimension.Tokens => "tokens",
        Dimension.InputTokens => "inputTokens",
        Dimension.OutputTokens => "outputTokens",
        Dimension.Concurrent => "concurrent",
        _ => "costNanoUsd",
    };

    /// <summary>The dimension of a name, as it is reported.</summary>
    public static bool TryParse(string name, out Dimension dimension)
    {
        foreach (var candidate in Enum.GetValues<Dimension>())
        {
            if (Of(candidate) == name)
            {
                dimension = candidate;
                return true;
            }
        }

        dimension = default;
        return false;
    }
}

/// <summary>The names of rules of charging in what FuncLimiter reports.</summary>
internal static class ChargeRuleName
{
    public static string Of(ChargeRule rule) => JsonNamingPolicy.CamelCase.ConvertName(rule.ToString());

    /// <summary>The rule of a name, as it is reported.</summary>
    public static bool TryParse(string? name, out ChargeRule rule)
    {
        foreach (var candidate in Enum.GetValues<ChargeRule>())
        {
            if (Of(candidate) == name)
            {
                rule = candidate;
                return true;
            }
        }

        rule = default;
        return false;
    }
}

/// <summary>Writes texts as reports list them.</summary>
internal static class ReportedTexts
{
    public static void WriteTexts(this Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
