using System.Text.Json;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.WhatIf.Virtual.Reading;

/// <summary>Reads the files of commands that ask what would be. Nothing is called, so secrets need not be set.</summary>
internal static class WhatIfFile
{
    private const string NoSecret = "a-secret-not-needed-here";
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The configuration, or null after every mistake was told.</summary>
    public static GatewayConfiguration? Configuration(FileInfo file, TextWriter errors)
    {
        return Bytes(file, errors) is { } json ? Configuration(json, file, errors) : null;
    }

    /// <summary>The configuration of a text in UTF-8, or null after every mistake was told.</summary>
    /// <param name="file">Where it comes from.</param>
    /// <param name="errors">Where mistakes are told.</param>
    public static GatewayConfiguration? Configuration(byte[] json, FileInfo file, TextWriter errors)
    {
        var result = ConfigurationReader.Read(json, Environmental);
        return result.IsValid ? result.Configuration : Tell<GatewayConfiguration>(file, result.Mistakes, errors);
    }

    /// <summary>The value of an environment variable; a stand-in where it is not set.</summary>
    public static string Environmental(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value : NoSecret;

    /// <summary>What a reader makes of a file, or null after every mistake was told.</summary>
    /// <param name="read">Makes something of its root, or adds mistakes.</param>
    /// <param name="errors">Where mistakes are told.</param>
    public static T? Read<T>(FileInfo file, Func<JsonElement, MistakeList, T?> read, TextWriter errors)
        where T : class
    {
        if (Bytes(file, errors) is not { } json)
        {
            return null;
        }

        var mistakes = new MistakeList();
        var made = Parse(json, read, mistakes);
        return mistakes.Count == 0 && made is not null ? made : Tell<T>(file, mistakes.All(), errors);
    }

    /// <summary>What a reader makes of a text in UTF-8.</summary>
    internal static T? Parse<T>(byte[] json, Func<JsonElement, MistakeList, T?> read, MistakeList mistakes)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), Options);
            return read(document.RootElement, mistakes);
        }
        catch (JsonException broken)
        {
            mistakes.Add(JsonPath.Root, $"broken JSON at line {broken.LineNumber + 1}, column {broken.BytePositionInLine + 1}", "mend it there");
        }
        catch (InvalidOperationException)
        {
            // What JSON may escape and no string can hold.
            mistakes.Add(JsonPath.Root, "half of a surrogate pair", "write both halves, \\uD8xx\\uDCxx, or the letter itself");
        }

        return null;
    }

    private static T? Tell<T>(FileInfo file, IReadOnlyList<ConfigurationMistake> mistakes, TextWriter errors)
        where T : class
    {
        foreach (var mistake in mistakes)
        {
            errors.WriteLine(mistake);
        }

        errors.WriteLine(mistakes.Count == 1 ? $"1 mistake in {file}." : $"{mistakes.Count} mistakes in {file}.");
        return null;
    }

    /// <summary>A file's bytes, or null after it was told why not.</summary>
    public static byte[]? Bytes(FileInfo file, TextWriter errors)
    {
        try
        {
            if (file.Exists && file.Length > ConfigurationReader.MostBytes)
            {
                errors.WriteLine($"{file}: {file.Length} bytes; at most {ConfigurationReader.MostBytes} are read.");
                return null;
            }

            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message}");
            return null;
        }
    }
}
