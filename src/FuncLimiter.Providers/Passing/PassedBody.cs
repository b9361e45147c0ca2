using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Passing;

/// <summary>Where a body that is passed on names its model, and in what form.</summary>
/// <param name="Offset">Where the model's name begins, in bytes; with its quotes in JSON.</param>
/// <param name="Length">How long it is, in bytes; 0 where the body names none.</param>
/// <param name="IsForm">Whether it is the field of a form; else a JSON string.</param>
public readonly record struct ModelPlace(int Offset, int Length, bool IsForm)
{
    /// <summary>The body with another model in this place; the same memory where it names none, or that one.</summary>
    /// <param name="body">The body as it was read.</param>
    /// <param name="model">The model to name.</param>
    public ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> body, string model)
    {
        if (Length == 0)
        {
            return body;
        }

        var named = body.Span.Slice(Offset, Length);
        if (IsForm ? named.SequenceEqual(Encoding.UTF8.GetBytes(model)) : IsNamed(named, model))
        {
            return body;
        }

        byte[] name = IsForm ? Encoding.UTF8.GetBytes(model) : JsonSerializer.SerializeToUtf8Bytes(model);
        return (byte[])[.. body.Span[..Offset], .. name, .. body.Span[(Offset + Length)..]];
    }

    private static bool IsNamed(ReadOnlySpan<byte> quoted, string model)
    {
        var reader = new Utf8JsonReader(quoted);
        return reader.Read() && reader.ValueTextEquals(model);
    }
}

/// <summary>Reads of a body that is passed on what a limiter must know: its model, its size, whether it streams.</summary>
public static class PassedBody
{
    private const int MaxModelLength = 256;
    private const int MostChoices = 1024;

    /// <summary>Reads a body.</summary>
    /// <param name="path">The path.</param>
    /// <param name="body">The bytes; of a body that is not held, its beginning.</param>
    /// <param name="contentType">The body's media type, or null.</param>
    /// <param name="facts">What was read; its model is empty where neither path nor body names one.</param>
    /// <param name="model">Where the body names its model; nowhere where the path does.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>False where something is.</returns>
    public static bool TryRead(
        PassedPath path, ReadOnlySpan<byte> body, string? contentType, out RequestFacts facts, out ModelPlace model, out RequestProblem? problem)
    {
        ArgumentNullException.ThrowIfNull(path);
        var operation = path.Generates ? Operation.OtherGeneration : Operation.Other;
        facts = new RequestFacts(operation, path.Model ?? string.Empty, 0, 0, false, null, 1, 0, 0);
        model = default;
        problem = null;
        if (contentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
        {
            return path.Model is not null || TryReadForm(body, contentType, ref facts, out model, out problem);
        }

        // Some servers read JSON whatever it is said to be: no model may go by unseen.
        var start = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        return body[start..].TrimStart(" \t\r\n"u8) is not [(byte)'{', ..] || path.Uploads || TryReadJson(path, body, start, ref facts, out model, out problem);
    }

    private static bool TryReadJson(PassedPath path, ReadOnlySpan<byte> body, int start, ref RequestFacts facts, out ModelPlace model, out RequestProblem? problem)
    {
        model = default;
        try
        {
            var scan = new PassedScan(body[start..]);
            problem = scan.Run();
            if (problem is null && path.Model is null && scan.Model is { } named)
            {
                problem = Check(named);
                model = new ModelPlace(scan.ModelOffset + start, scan.ModelLength, false);
            }

            facts = facts with
            {
                Model = path.Model ?? scan.Model ?? string.Empty,
                Stream = scan.Stream,
                MaxOutputTokens = scan.MaxOutputTokens,
                Choices = (int)Math.Clamp(scan.Choices, 1, MostChoices),
                TextBytes = scan.Prompt.TextBytes,
                Images = scan.Prompt.Images,
                Prefixes = scan.Prompt.Prefix.Values,
                Characters = scan.Prompt.Characters,
                Tokens = scan.Prompt.Tokens,
                Words = scan.Prompt.Words,
                Content = scan.Prompt.Content,
            };
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            problem = RequestProblem.NotJson(broken is JsonException ? "it is cut, or not well-formed." : "it holds a text that no string can.");
        }

        return problem is null;
    }

    private static bool TryReadForm(ReadOnlySpan<byte> body, string contentType, ref RequestFacts facts, out ModelPlace model, out RequestProblem? problem)
    {
        model = default;
        problem = null;
        foreach (var (name, offset, length) in FormFields.Read(body, contentType))
        {
            if (name != "model")
            {
                continue;
            }

            if (model.Length > 0)
            {
                problem = RequestProblem.Twice("model");
                return false;
            }

            model = new ModelPlace(offset, length, true);
            facts = facts with { Model = Encoding.UTF8.GetString(body.Slice(offset, length)) };
            problem = Check(facts.Model);
        }

        return problem is null;
    }

    private static RequestProblem? Check(string model) => string.IsNullOrWhiteSpace(model) || model.Length > MaxModelLength
        ? new RequestProblem($"Invalid value for 'model': expected a name of 1 to {MaxModelLength} characters.", "model", "invalid_value")
        : null;
}

/// <summary>Finds the fields of a form (RFC 7578) that are no files, where they stand in its bytes.</summary>
internal static class FormFields
{
    private const int LongestBoundary = 200;
    private const int MostParts = 1024;

    /// <summary>The fields, each with its name and the place of its value. A form that is cut or not well-formed ends where it does.</summary>
    /// <param name="body">The form.</param>
    /// <param name="contentType">Its media type, which tells its boundary.</param>
    public static List<(string Name, int Offset, int Length)> Read(ReadOnlySpan<byte> body, string contentType)
    {
        var fields = new List<(string, int, int)>();
        if (Boundary(contentType) is not { Length: > 0 and <= LongestBoundary } boundary)
        {
            return fields;
        }

        var mark = Encoding.ASCII.GetBytes($"--{boundary}");
        ReadOnlySpan<byte> end = [.. "\r\n"u8, .. mark];
        var at = body.IndexOf(mark);
        for (var part = 0; at >= 0 && part < MostParts; part++)
        {
            at += mark.Length;
            if (body[at..] is [(byte)'-', (byte)'-', ..] || body[at..].IndexOf("\r\n\r\n"u8) is not (>= 0 and var head))
            {
                break;
            }

            var value = at + head + 4;
            var length = body[value..].IndexOf(end);
            if (length < 0)
            {
                break;
            }

            if (FieldName(Encoding.UTF8.GetString(body.Slice(at, head))) is { } name)
            {
                fields.Add((name, value, length));
            }

            at = value + length + 2;
        }

        return fields;
    }

    private static string? Boundary(string contentType) => Parameter(contentType, "boundary");

    /// <summary>The name of a part that is no file.</summary>
    private static string? FieldName(string head)
    {
        const string disposition = "content-disposition:";
        foreach (var line in head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(disposition, StringComparison.OrdinalIgnoreCase))
            {
                return Parameter(line, "filename") is null ? Parameter(line, "name") : null;
            }
        }

        return null;
    }

    private static string? Parameter(string text, string name)
    {
        foreach (var part in text.Split(';').Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part.AsSpan(0, equals).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part[(equals + 1)..].Trim().Trim('"');
            }
        }

        return null;
    }
}
