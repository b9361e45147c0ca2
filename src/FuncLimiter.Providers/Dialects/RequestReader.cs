using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Reads what a limiter must know of a request's body, in one pass over its bytes, which stay as they are.</summary>
public static class RequestReader
{
    /// <summary>A body nested deeper than this is refused.</summary>
    public const int MaxDepth = 128;

    private const string NoUnicode = "a string holds bytes or escapes that are no Unicode text.";

    /// <summary>Reads a request.</summary>
    /// <param name="operation">What is asked, as its path tells.</param>
    /// <param name="body">The body's bytes; a UTF-8 byte order mark is passed over.</param>
    /// <param name="modelFromPath">The model or deployment that the path names, which wins over the body's; null where it names none.</param>
    /// <param name="facts">What was read.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static bool TryRead(
        Operation operation,
        ReadOnlySpan<byte> body,
        string? modelFromPath,
        [NotNullWhen(true)] out RequestFacts? facts,
        [NotNullWhen(false)] out RequestProblem? problem)
    {
        facts = null;
        var start = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            var scan = new RequestScan(body[start..], operation);
            problem = scan.Run();
            if (problem is null)
            {
                problem = RequestRules.Check(operation, scan, modelFromPath);
            }

            // Half a character in a name, wherever it stands: whoever looks for another name beside it later would fail.
            if (problem is null && (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0))
            {
                JsonText.RequireNames(body[start..], MaxDepth);
            }

            if (problem is null)
            {
                facts = new RequestFacts(
                    operation,
                    modelFromPath ?? scan.Model!,
                    scan.ModelLength > 0 ? scan.ModelOffset + start : 0,
                    scan.ModelLength,
                    scan.Stream,
                    scan.MaxOutputTokens,
                    scan.Choices,
                    scan.Prompt.TextBytes,
                    scan.Prompt.Images)
                {
                    Prefixes = scan.Prompt.Prefix.Values,
                    Characters = scan.Prompt.Characters,
                    Tokens = scan.Prompt.Tokens,
                    Words = scan.Prompt.Words,
                    Content = scan.Prompt.Content,
                    AsksForCache = scan.AsksForCache,
                    Unbounded = scan.Unbounded,
                };
                return true;
            }
        }
        catch (JsonException broken)
        {
            problem = RequestProblem.NotJson(Describe(broken));
        }
        catch (InvalidOperationException)
        {
            // The reader's answer to escapes that stand for no character.
            problem = RequestProblem.NotJson(NoUnicode);
        }

        return false;
    }

    private static string Describe(JsonException broken)
    {
        var reason = broken.Message;
        var position = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"{(position < 0 ? reason : reason[..position])} (line {broken.LineNumber + 1}, byte {broken.BytePositionInLine + 1})";
    }
}

/// <summary>What a request must have, beyond being JSON.</summary>
internal static class RequestRules
{
    /// <summary>Models' names are shorter everywhere.</summary>
    private const int MaxModelLength = 256;

    /// <summary>The first thing that is missing; null where all is there.</summary>
    public static RequestProblem? Check(Operation operation, in RequestScan scan, string? modelFromPath)
    {
        var model = modelFromPath ?? scan.Model;
        if (model is null)
        {
            return RequestProblem.Missing("model", "Name the model to use.");
        }

        if (string.IsNullOrWhiteSpace(model) || model.Length > MaxModelLength)
        {
            return new RequestProblem($"Invalid value for 'model': expected a name of 1 to {MaxModelLength} characters.", "model", "invalid_value");
        }

        return operation switch
        {
            Operation.ChatCompletions when !scan.HasMessages => RequestProblem.Missing("messages", "Send an array with at least one message."),
            Operation.Messages or Operation.CountTokens when !scan.HasMessages =>
                RequestProblem.Missing("messages", "Send an array with at least one message."),
            Operation.Messages when scan.MaxOutputTokens is null =>
                RequestProblem.Missing("max_tokens", "Say how many tokens the answer may have at most."),
            Operation.Embeddings when !scan.HasInput => RequestProblem.Missing("input", "Send the text to embed."),
            Operation.Responses when !scan.HasInput && !scan.HasContext =>
                RequestProblem.Missing("input", "Send the text or the items to respond to."),
            _ => null,
        };
    }
}

/// <summary>What is wrong with a request, in words for its caller.</summary>
/// <param name="Message">What is wrong and what to send instead.</param>
/// <param name="Param">The parameter's name; null where it is the body as a whole.</param>
/// <param name="Code">A word for programs, as OpenAI uses them, for example <c>missing_required_parameter</c>.</param>
/// <param name="Status">The HTTP status to answer with.</param>
public sealed record RequestProblem(string Message, string? Param, string Code, int Status = 400)
{
    internal static RequestProblem Missing(string name, string what) =>
        new($"Missing required parameter: '{name}'. {what}", name, "missing_required_parameter");

    internal static RequestProblem WrongType(string name, string expected) =>
        new($"Invalid type for '{name}': expected {expected}.", name, "invalid_type");

    internal static RequestProblem Below(string name, long least, string given) =>
        new($"Invalid value for '{name}': expected a number of at least {least}, but got {given}.", name, "integer_below_min_value");

    internal static RequestProblem Above(string name, long most, string given) =>
        new($"Invalid value for '{name}': expected a number of at most {most}, but got {given}.", name, "integer_above_max_value");

    internal static RequestProblem Twice(string name) =>
        new($"The body names '{name}' more than once; send it once.", name, "duplicate_parameter");

    internal static RequestProblem NotJson(string why) => new($"The body is not valid JSON: {why}", null, "invalid_json");
}
