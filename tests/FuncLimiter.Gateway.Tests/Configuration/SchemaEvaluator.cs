using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>As much of JSON Schema 2020-12 as the configuration's schema and the OpenAPI document use; an unknown keyword throws.</summary>
internal sealed class SchemaEvaluator(JsonElement root)
{
    private static readonly HashSet<string> Annotations = ["$schema", "$defs", "title", "description", "default", "format"];

    public bool Accepts(JsonElement value) => Accepts(root, value);

    /// <summary>Whether a part of the document, a schema, accepts a value.</summary>
    public bool Accepts(JsonElement schema, JsonElement value) =>
        schema.EnumerateObject().All(keyword => Annotations.Contains(keyword.Name) || Holds(schema, keyword.Name, keyword.Value, value));

    private bool Holds(JsonElement schema, string keyword, JsonElement wanted, JsonElement value) => keyword switch
    {
        "$ref" => Accepts(wanted.GetString()!.Split('/')[1..].Aggregate(root, (part, name) => part.GetProperty(name)), value),
        "type" => IsOfType(wanted.GetString()!, value),
        "enum" => wanted.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)),
        "const" => JsonElement.DeepEquals(wanted, value),
        "properties" => value.ValueKind != JsonValueKind.Object
            || value.EnumerateObject().All(member => !wanted.TryGetProperty(member.Name, out var inner) || Accepts(inner, member.Value)),
        "additionalProperties" when wanted.ValueKind == JsonValueKind.Object => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member => Accepts(wanted, member.Value)),
        "additionalProperties" => wanted.ValueKind == JsonValueKind.False
            && (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member => schema.GetProperty("properties").TryGetProperty(member.Name, out _))),
        "required" => value.ValueKind != JsonValueKind.Object || wanted.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(item => Accepts(wanted, item)),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= wanted.GetInt32(),
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= wanted.GetInt32(),
        "uniqueItems" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Select(item => item.GetRawText()).Distinct().Count() == value.GetArrayLength(),
        "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, wanted.GetString()!, RegexOptions.ECMAScript),
        "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= wanted.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= wanted.GetInt32(),
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= wanted.GetDouble(),
        "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() > wanted.GetDouble(),
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= wanted.GetDouble(),
        "anyOf" => wanted.EnumerateArray().Any(choice => Accepts(choice, value)),
        "dependentRequired" => value.ValueKind != JsonValueKind.Object || wanted.EnumerateObject().All(dependent =>
            !value.TryGetProperty(dependent.Name, out _) || dependent.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _))),
        "if" => true,
        "else" => Accepts(schema.GetProperty("if"), value) || Accepts(wanted, value),
        _ => throw new NotSupportedException($"The keyword {keyword} is not evaluated here."),
    };

    private static bool IsOfType(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() % 1 == 0,
        _ => throw new NotSupportedException($"The type {type} is not evaluated here."),
    };
}
