using System.Globalization;
using System.Text.Json;

namespace FuncLimiter.IndependentProvider;

/// <summary>
/// A tokenizer of its own kind: words and marks, not bytes. A word takes a token for every six letters begun, a number one for every three
/// digits, a mark one, an ideograph or other letter without case one.
/// </summary>
internal static class WordTokens
{
    private const int LettersPerToken = 6;
    private const int DigitsPerToken = 3;
    private const int PerMessage = 4;
    private const int PerAnswer = 3;
    private const int PerImage = 765;

    public static int Count(ReadOnlySpan<char> text)
    {
        var tokens = 0;
        for (var at = 0; at < text.Length;)
        {
            var letter = text[at];
            if (char.IsWhiteSpace(letter))
            {
                at++;
            }
            else if (char.IsAsciiDigit(letter))
            {
                tokens += Run(text, ref at, char.IsAsciiDigit, DigitsPerToken);
            }
            else if (char.IsLetter(letter) && char.GetUnicodeCategory(letter) != UnicodeCategory.OtherLetter)
            {
                tokens += Run(text, ref at, one => char.IsLetter(one) && char.GetUnicodeCategory(one) != UnicodeCategory.OtherLetter, LettersPerToken);
            }
            else
            {
                tokens++;
                at += char.IsHighSurrogate(letter) && at + 1 < text.Length ? 2 : 1;
            }
        }

        return tokens;
    }

    /// <summary>The tokens of a whole prompt: its texts, the JSON of its tools, its images, and a little for each message.</summary>
    public static int CountPrompt(JsonElement body)
    {
        var tokens = PerAnswer;
        foreach (var member in body.EnumerateObject())
        {
            tokens += member.Name switch
            {
                "messages" or "contents" or "input" => Messages(member.Value),
                "system" or "instructions" or "systemInstruction" or "prompt" => Content(member.Value),
                "tools" or "functions" or "response_format" => Count(member.Value.GetRawText()),
                _ => 0,
            };
        }

        return tokens;
    }

    /// <summary>The characters of what is counted: what a provider that doesn't tokenize before it lets a call in goes by.</summary>
    public static int CountCharacters(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!.Length,
        JsonValueKind.Array => element.EnumerateArray().Sum(CountCharacters),
        JsonValueKind.Object => element.EnumerateObject()
            .Where(member => member.Name is "messages" or "contents" or "input" or "system" or "instructions" or "systemInstruction"
                or "tools" or "content" or "text" or "parts" or "prompt")
            .Sum(member => member.Name == "tools" ? member.Value.GetRawText().Length : CountCharacters(member.Value)),
        _ => 0,
    };

    private static int Messages(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Sum(message => PerMessage + Content(message))
        : PerMessage + Content(value);

    private static int Content(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Count(value.GetString()),
        JsonValueKind.Array => value.EnumerateArray().Sum(Content),
        JsonValueKind.Number => 1,
        JsonValueKind.Object => value.EnumerateObject().Sum(member => member.Name switch
        {
            "image_url" or "input_image" or "source" or "inlineData" or "inline_data" => PerImage,
            "content" or "text" or "parts" or "output" or "arguments" or "input" or "name" => Content(member.Value),
            "tool_calls" or "function" or "functionCall" => Count(member.Value.GetRawText()),
            _ => 0,
        }),
        _ => 0,
    };

    private static int Run(ReadOnlySpan<char> text, ref int at, Func<char, bool> belongs, int perToken)
    {
        var start = at;
        while (at < text.Length && belongs(text[at]))
        {
            at++;
        }

        return (at - start + perToken - 1) / perToken;
    }
}
