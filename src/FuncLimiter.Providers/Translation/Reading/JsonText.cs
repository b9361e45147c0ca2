using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Translation.Reading;

/// <summary>JSON that stands inside a string.</summary>
internal static class JsonText
{
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
