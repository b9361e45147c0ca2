using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Reads what a limiter must know of a request's body, in one pass over its bytes, which stay as they are.</summary>
public static class RequestReader
{
    /// <summary>A body nested deeper than this is refused.</summary>
    public const int MaxDepth = 128;

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
            problem = RequestProblem.NotJson("a string holds bytes or escapes that are no Unicode text.");
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
