using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>
/// What each API can be asked (OpenAI API reference: create chat completion; Anthropic API reference: create a message, structured outputs;
/// Gemini API: generateContent, structured output; Amazon Bedrock API reference: Converse, structured outputs).
/// </summary>
internal static partial class KnownAbilities
{
    private static readonly FrozenSet<string> UsualImages = new[] { "image/png", "image/jpeg", "image/gif", "image/webp" }.ToFrozenSet();

    private static readonly Abilities Chat = new("OpenAI's chat completions")
    {
        Penalties = true,
        Seed = true,
        MaxStops = 4,
        ImageTypes = UsualImages,
        RemoteImages = true,
        ImageDetail = true,
        SingleCalls = true,
        NoCalls = true,
        StrictTools = true,
        JsonObject = true,
        ToolNames = (Word64(), "at most 64 letters, digits, _ and -"),
        CallIds = (Any40(), "at most 40 characters"),
    };

    private static readonly Abilities Messages = new("Anthropic's Messages")
    {
        MaxTemperature = 1,
        TemperatureWithTopP = false,
        TopK = true,
        ImageTypes = UsualImages,
        RemoteImages = true,
        ImagesInResults = true,
        FailedResults = true,
        SingleCalls = true,
        NoCalls = true,
        StrictTools = true,
        CallsNeedTools = true,
        Schemas = SchemaRules.Anthropic,
        TakesTurns = true,
        ToolNames = (Word128(), "at most 128 letters, digits, _ and -"),
        CallIds = (AnyWord(), "letters, digits, _ and -"),
    };

    private static readonly Abilities GenerateContent = new("Gemini's generateContent")
    {
        TopK = true,
        Penalties = true,
        Seed = true,
        MaxStops = 5,
        ImageTypes = new[] { "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif" }.ToFrozenSet(),
        FailedResults = true,
        NoCalls = true,
        JsonObject = true,
        Schemas = SchemaRules.Gemini,
        TakesTurns = true,
        ToolNames = (Name64(), "at most 64 letters, digits, _ and -, the first of them a letter or _"),
        CallIds = (AnyWord(), "letters, digits, _ and -"),
    };

    private static readonly Abilities Converse = new("Bedrock's Converse")
    {
        MaxTemperature = 1,
        TemperatureWithTopP = false,
        ImageTypes = UsualImages,
        ImagesInResults = true,
        FailedResults = true,
        StrictTools = true,
        CallsNeedTools = true,
        Schemas = SchemaRules.Anthropic,
        TakesTurns = true,
        ToolNames = (Word64(), "at most 64 letters, digits, _ and -"),
        CallIds = (Word64(), "at most 64 letters, digits, _ and -"),
    };

    /// <summary>What an API can be asked.</summary>
    public static Abilities Of(Wire wire) => wire switch
    {
        Wire.Messages => Messages,
        Wire.GenerateContent => GenerateContent,
        Wire.Converse => Converse,
        _ => Chat,
    };

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,64}\z")]
    private static partial Regex Word64();

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,128}\z")]
    private static partial Regex Word128();

    [GeneratedRegex(@"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}\z")]
    private static partial Regex Name64();

    [GeneratedRegex(@"^[a-zA-Z0-9_-]+\z")]
    private static partial Regex AnyWord();

    [GeneratedRegex(@"^.{1,40}\z", RegexOptions.Singleline)]
    private static partial Regex Any40();
}

/// <summary>What an API can be asked, as far as APIs differ. What it has not got makes it ineligible for a request that needs it.</summary>
/// <param name="Api">Its name, as it stands in reasons: "Anthropic's Messages".</param>
internal sealed record Abilities(string Api)
{
    /// <summary>The highest temperature.</summary>
    public double MaxTemperature { get; init; } = 2;

    /// <summary>Whether temperature and top_p may both be set.</summary>
    public bool TemperatureWithTopP { get; init; } = true;

    /// <summary>Whether it takes top_k.</summary>
    public bool TopK { get; init; }

    /// <summary>Whether it takes frequency and presence penalties.</summary>
    public bool Penalties { get; init; }

    /// <summary>Whether it takes a seed.</summary>
    public bool Seed { get; init; }

    /// <summary>How many stop texts it takes.</summary>
    public int MaxStops { get; init; } = int.MaxValue;

    /// <summary>The image types that it takes.</summary>
    public FrozenSet<string> ImageTypes { get; init; } = [];

    /// <summary>Whether it fetches images from an address.</summary>
    public bool RemoteImages { get; init; }

    /// <summary>Whether it can be told how closely to look at an image.</summary>
    public bool ImageDetail { get; init; }

    /// <summary>Whether a tool's result may hold images.</summary>
    public bool ImagesInResults { get; init; }

    /// <summary>Whether a tool's result may be marked as a failure.</summary>
    public bool FailedResults { get; init; }

    /// <summary>Whether the model can be kept to one tool call at a time.</summary>
    public bool SingleCalls { get; init; }

    /// <summary>Whether tools may be there and calling them forbidden.</summary>
    public bool NoCalls { get; init; }

    /// <summary>Whether arguments can be held to a tool's schema.</summary>
    public bool StrictTools { get; init; }

    /// <summary>Whether tools must be there where messages speak of calls.</summary>
    public bool CallsNeedTools { get; init; }

    /// <summary>Whether it can be told to answer with any JSON object.</summary>
    public bool JsonObject { get; init; }

    /// <summary>Which schemas it can hold an answer to; null for all.</summary>
    public SchemaRules? Schemas { get; init; }

    /// <summary>
    /// Whether its two sides take turns: instructions stand ahead of them, the user begins, and no text is empty. Otherwise messages may come
    /// in any order, and a tool's results are messages of their own.
    /// </summary>
    public bool TakesTurns { get; init; }

    /// <summary>What a tool's name must look like, and how that is said.</summary>
    public required (Regex Pattern, string Words) ToolNames { get; init; }

    /// <summary>What a call's id must look like, and how that is said.</summary>
    public required (Regex Pattern, string Words) CallIds { get; init; }
}

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
