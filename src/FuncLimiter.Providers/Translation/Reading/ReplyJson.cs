using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Translation.Reading;

/// <summary>Reads of an answer in which what must be there is there, or it can't be translated.</summary>
internal static class ReplyJson
{
    /// <summary>A string that must be there.</summary>
    public static string Required(JsonElement element, string name) =>
        Json.Text(Json.At(element, name)) ?? throw new TranslationException($"The provider's answer has no '{name}'.");

    /// <summary>A string; null where it is absent.</summary>
    public static string? Text(JsonElement element, string name)
    {
        var value = Json.At(element, name);
        return value.ValueKind == JsonValueKind.String
            ? Json.Text(value) ?? throw new TranslationException($"The provider's answer has a '{name}' that is no Unicode text.")
            : null;
    }

    /// <summary>The items of an array; none where it is absent.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        Json.At(element, name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>A whole number; null where it is absent.</summary>
    public static int? Index(JsonElement element, string name) =>
        Json.At(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var index) ? index : null;

    /// <summary>The usage in whichever of the known shapes; null where it is absent.</summary>
    public static TokenUsage? Usage(JsonElement usage) => UsageFields.Read(usage).ToUsage();
}

/// <summary>JSON that stands inside a string.</summary>
internal static class JsonText
{
    /// <summary>Goes over every name, so that whoever looks for another beside it later does not fail. Texts stay as they are.</summary>
    /// <param name="json">Valid JSON but for that.</param>
    /// <param name="maxDepth">How deep it may be nested.</param>
    /// <exception cref="InvalidOperationException">One holds bytes or escapes that stand for no character.</exception>
    public static void RequireNames(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && (reader.ValueIsEscaped || !Utf8.IsValid(reader.ValueSpan)))
            {
                _ = reader.GetString();
            }
        }
    }

    /// <summary>Whether a text is one JSON object and nothing else.</summary>
    public static bool IsObject(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
