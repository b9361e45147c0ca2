using System.Collections.Frozen;
using System.Text.Json;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>The JSON schemas to which an API can hold an answer.</summary>
/// <param name="keywords">The keywords that it heeds.</param>
/// <param name="closesObjects">Whether every object must have <c>additionalProperties: false</c>.</param>
internal sealed class SchemaRules(FrozenSet<string> keywords, bool closesObjects)
{
    /// <summary>Anthropic: structured outputs, JSON schema limitations; the same on Bedrock.</summary>
    public static readonly SchemaRules Anthropic = new(
        Set(
            "$schema", "$id", "$ref", "$defs", "definitions", "type", "title", "description", "default", "enum", "const", "properties", "required",
            "additionalProperties", "items", "minItems", "anyOf", "allOf", "format", "pattern"),
        closesObjects: true);

    /// <summary>Gemini API: structured output, JSON schema support.</summary>
    public static readonly SchemaRules Gemini = new(
        Set(
            "$schema", "$id", "$anchor", "$ref", "$defs", "type", "title", "description", "format", "enum", "items", "prefixItems", "minItems",
            "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "required", "additionalProperties", "propertyOrdering"),
        closesObjects: false);

    /// <summary>The keywords that it heeds.</summary>
    public IReadOnlySet<string> Keywords => keywords;

    /// <summary>Notes every keyword that the API does not heed.</summary>
    public void Check(JsonElement schema, string path, string api, LossList losses)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            var at = $"{path}.{keyword.Name}";
            if (!keywords.Contains(keyword.Name) || (closesObjects && keyword.Name == "minItems" && !IsAtMostOne(keyword.Value)))
            {
                losses.Add(at, $"is not enforced by {api}");
            }
            else
            {
                CheckBelow(keyword, at, api, losses);
            }
        }

        var isObject = schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object");
        var isClosed = schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind == JsonValueKind.False;
        if (closesObjects && isObject && !isClosed)
        {
            losses.Add($"{path}.additionalProperties", $"must be false for {api}");
        }
    }

    private void CheckBelow(JsonProperty keyword, string at, string api, LossList losses)
    {
        switch (keyword.Name)
        {
            case "properties" or "$defs" or "definitions" when keyword.Value.ValueKind == JsonValueKind.Object:
                foreach (var named in keyword.Value.EnumerateObject())
                {
                    Check(named.Value, $"{at}.{named.Name}", api, losses);
                }

                break;
            case "anyOf" or "allOf" or "oneOf" or "prefixItems" when keyword.Value.ValueKind == JsonValueKind.Array:
                foreach (var (schema, index) in keyword.Value.EnumerateArray().Select((schema, index) => (schema, index)))
                {
                    Check(schema, $"{at}[{index}]", api, losses);
                }

                break;
            case "items" or "additionalProperties":
                Check(keyword.Value, at, api, losses);
                break;
        }
    }

    private static bool IsAtMostOne(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count <= 1;

    private static FrozenSet<string> Set(params string[] keywords) => keywords.ToFrozenSet(StringComparer.Ordinal);
}
