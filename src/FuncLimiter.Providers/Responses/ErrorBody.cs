using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Responses;

/// <summary>What an error body says, whichever of the usual shapes it has. Null where it is silent.</summary>
internal sealed partial record ErrorBody
{
    private const int MaxBytes = 256 * 1024;
    private const int MaxText = 4096;
    private const int MaxWords = 300;
    private const int MaxNesting = 3;

    /// <summary>Nothing said.</summary>
    public static readonly ErrorBody Empty = new();

    /// <summary>The message; of a body that is not JSON, its text; of a page, its words.</summary>
    public string? Message { get; private init; }

    /// <summary><c>error.type</c>, or a flat body's <c>type</c>.</summary>
    public string? Type { get; private init; }

    /// <summary><c>error.code</c>, or a flat body's <c>code</c>; a number as its digits.</summary>
    public string? Code { get; private init; }

    /// <summary><c>error.status</c>, as Google writes it.</summary>
    public string? Status { get; private init; }

    /// <summary>The object that holds the error's fields; undefined where the body is not JSON.</summary>
    public JsonElement Error { get; private init; }

    /// <summary>The whole body; undefined where it is not JSON.</summary>
    public JsonElement Root { get; private init; }

    /// <summary>The message, never null.</summary>
    public string Text => Message ?? "";

    /// <summary>Reads a body; one that is too long or broken says what of it is readable.</summary>
    public static ErrorBody Parse(ReadOnlySpan<byte> body)
    {
        body = body.StartsWith(AnswerBody.ByteOrderMark) ? body[AnswerBody.ByteOrderMark.Length..] : body;
        var start = body.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
        {
            return Empty;
        }

        body = body[start..];
        if (body[0] is (byte)'{' or (byte)'[' && body.Length <= MaxBytes)
        {
            try
            {
                var reader = new Utf8JsonReader(body);
                using var document = JsonDocument.ParseValue(ref reader);
                return From(document.RootElement.Clone(), 0);
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException)
            {
                // A body cut short still has words in it.
            }
        }

        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, MaxText)]);
        return new ErrorBody { Message = body[0] == (byte)'<' ? WordsOf(text) : text };
    }

    /// <summary>The words of a page; null where it has none.</summary>
    private static string? WordsOf(string page)
    {
        var words = Blanks().Replace(WebUtility.HtmlDecode(Tags().Replace(page, " ")), " ").Trim();
        return words.Length == 0 ? null : Cut(words, MaxWords);
    }

    [GeneratedRegex(@"<(?<hidden>script|style)\b[^>]*>.*?(?:</\k<hidden>\s*>|\z)|<!--.*?(?:-->|\z)|<[^>]*(?:>|\z)", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();

    /// <summary>Reads a body that is parsed already.</summary>
    public static ErrorBody From(JsonElement root) => From(root, 0);

    /// <summary>The same with a type that stood outside the body.</summary>
    public ErrorBody Named(string type) => this with { Type = type };

    /// <summary>A string below the error's object; null where it is not there.</summary>
    public string? Detail(params ReadOnlySpan<string> path) => Json.Text(Json.At(Error, path));

    private static ErrorBody From(JsonElement root, int nesting)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            root = root.GetArrayLength() > 0 ? root[0] : default;
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return new ErrorBody { Message = Cut(Json.Text(root)), Root = root };
        }

        var error = Json.At(root, "error");
        if (error.ValueKind is not (JsonValueKind.Object or JsonValueKind.String))
        {
            error = Inside(root, "response") ?? Inside(root, "x_groq") ?? InChoice(root) ?? Inside(root, "delta") ?? root;
        }

        if (error.ValueKind == JsonValueKind.String)
        {
            return new ErrorBody { Message = Cut(error.GetString()), Code = Json.Word(root, "code"), Error = root, Root = root };
        }

        var message = MessageOf(error) ?? MessageOf(root);
        if (nesting < MaxNesting && message?.TrimStart() is ['{', ..] && Nested(message, nesting) is { } nested)
        {
            return nested;
        }

        return new ErrorBody
        {
            Message = Cut(message),
            Type = Json.Word(error, "type"),
            Code = Json.Word(error, "code"),
            Status = Json.Word(error, "status"),
            Error = error,
            Root = root,
        };
    }

    private static JsonElement? Inside(JsonElement root, string wrapper) => Json.At(root, wrapper, "error") switch
    {
        { ValueKind: JsonValueKind.Object } error => error,
        { ValueKind: JsonValueKind.String } => Json.At(root, wrapper),
        _ => null,
    };

    private static JsonElement? InChoice(JsonElement root)
    {
        if (Json.At(root, "choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            foreach (var choice in choices.EnumerateArray())
            {
                if (Json.At(choice, "error") is { ValueKind: JsonValueKind.Object } error)
                {
                    return error;
                }
            }
        }

        return null;
    }

    private static string? MessageOf(JsonElement error) =>
        Json.Text(Json.At(error, "message")) ?? Json.Text(Json.At(error, "Message")) ?? Json.Text(Json.At(error, "detail"))
        ?? Json.Text(Json.At(error, "error"));

    /// <summary>Some front ends put the whole error of who is behind them into the message, as JSON text.</summary>
    private static ErrorBody? Nested(string message, int nesting)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            return Json.At(document.RootElement, "error").ValueKind == JsonValueKind.Undefined
                ? null
                : From(document.RootElement.Clone(), nesting + 1);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Cut(string? text, int most = MaxText) =>
        text is null || text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
