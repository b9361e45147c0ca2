using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FuncLimiter.Server.Tests.Pages;

/// <summary>
/// Compares an answer with what a page prints of it. Every printed member must be there and of its kind, words must be the same, numbers and
/// times may be others; '…' stands for anything. What the page leaves out may be there.
/// </summary>
internal static partial class AnswerShape
{
    private const string Anything = "…";
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>What differs between two texts of JSON; null where nothing does.</summary>
    public static string? Difference(string printed, string actual)
    {
        JsonNode? told;
        try
        {
            told = JsonNode.Parse(actual);
        }
        catch (JsonException)
        {
            return $"no JSON: {actual}";
        }

        return Difference(JsonNode.Parse(printed, documentOptions: Lenient), told, "$") is { } difference ? $"{difference} in {actual}" : null;
    }

    /// <summary>What differs between two texts of words, line by line; null where nothing does. A line '…' stands for any.</summary>
    public static string? DifferenceOfLines(string printed, string actual)
    {
        var lines = actual.Split('\n').Select(Plain).ToList();
        var missing = printed.Split('\n').Select(Plain).FirstOrDefault(line => line.Length > 0 && line != Anything && !lines.Exists(each => AreAlike(line, each)));
        return missing is null ? null : $"no line '{missing}' in:\n{actual}";
    }

    /// <summary>Whether a text is as printed.</summary>
    public static bool AreAlike(string printed, string actual) => Regex.IsMatch(
        Number().Replace(actual, "#"), $"^{string.Join(".*", Number().Replace(printed, "#").Split(Anything).Select(Regex.Escape))}$", RegexOptions.Singleline);

    private static string? Difference(JsonNode? printed, JsonNode? actual, string path) => (printed, actual) switch
    {
        (null, null) => null,
        (JsonObject left, JsonObject right) => left
            .Select(member => right.TryGetPropertyName(member.Key) ? Difference(member.Value, right[member.Key], $"{path}.{member.Key}") : $"{path}.{member.Key} is missing")
            .FirstOrDefault(difference => difference is not null),
        (JsonArray left, JsonArray right) => left.Count > right.Count
            ? $"{path} has {right.Count} instead of {left.Count}"
            : left.Select((each, index) => Difference(each, right[index], $"{path}[{index}]")).FirstOrDefault(difference => difference is not null),
        (JsonValue left, JsonValue right) => AreAlike(left, right) ? null : $"{path} is {actual.ToJsonString()} instead of {printed.ToJsonString()}",
        _ => $"{path} is {actual?.ToJsonString() ?? "null"} instead of {printed?.ToJsonString() ?? "null"}",
    };

    private static bool AreAlike(JsonValue printed, JsonValue actual) =>
        printed.GetValueKind() == actual.GetValueKind()
        && (printed.GetValueKind() != JsonValueKind.String || AreAlike(printed.GetValue<string>(), actual.GetValue<string>()));

    private static bool TryGetPropertyName(this JsonObject json, string name) => json.ContainsKey(name);

    private static string Plain(string line) => Color().Replace(line, "").Trim();

    // Amounts and times, with what belongs to them.
    [GeneratedRegex(@"\d[\d.,:TZ+-]*")]
    private static partial Regex Number();

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Color();
}
