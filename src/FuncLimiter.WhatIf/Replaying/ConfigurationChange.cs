using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>
/// A change to a configuration's text: <c>accounts[openai-east].models[gpt-x].limits.tpm=240000</c>. What a list holds is named by its id, model or
/// name, or by its place from 0.
/// </summary>
/// <param name="Path">The members' names and the lists' entries, from the root on.</param>
/// <param name="Value">What is to stand there, as JSON or as text; empty takes it away.</param>
internal sealed record ConfigurationChange(IReadOnlyList<string> Path, string Value)
{
    private static readonly string[] Names = ["id", "model", "name"];
    private static readonly JsonDocumentOptions Reading = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
    private static readonly JsonSerializerOptions Writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a change; false where it is none.</summary>
    public static bool TryParse(string text, out ConfigurationChange change)
    {
        change = null!;
        var parts = new List<string>();
        var (at, end) = (0, 0);
        while (at < text.Length && text[at] != '=')
        {
            if (text[at] == '[')
            {
                end = text.IndexOf(']', at);
                if (end <= at + 1)
                {
                    return false;
                }

                parts.Add(text[(at + 1)..end]);
                at = end + 1;
            }
            else
            {
                at += text[at] == '.' && parts.Count > 0 ? 1 : 0;
                end = text.IndexOfAny(['.', '[', '='], at);
                if (end <= at)
                {
                    return false;
                }

                parts.Add(text[at..end]);
                at = end;
            }
        }

        change = new ConfigurationChange(parts, at < text.Length ? text[(at + 1)..] : string.Empty);
        return parts.Count > 0 && at < text.Length;
    }

    /// <summary>The configuration's text with changes; null where one names nothing that is there, which is told.</summary>
    public static byte[]? Apply(byte[] json, IReadOnlyList<ConfigurationChange> changes, TextWriter errors)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json.AsSpan(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), documentOptions: Reading);
        }
        catch (JsonException)
        {
            return json;
        }

        foreach (var change in changes)
        {
            if (root is null || !change.Apply(root))
            {
                errors.WriteLine($"--set {change}: there is no such place in the configuration.");
                return null;
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(root, Writing);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join('.', Path)}={Value}";

    private bool Apply(JsonNode root)
    {
        var owner = root;
        foreach (var part in Path.SkipLast(1))
        {
            // An object that is not there yet may be what is to be changed: limits of a tenant that has none.
            owner = Find(owner, part) ?? (owner is JsonObject holder && !holder.ContainsKey(part) ? holder[part] = new JsonObject() : null);
            if (owner is null)
            {
                return false;
            }
        }

        switch (owner)
        {
            case JsonObject holder when Value.Length == 0:
                return holder.Remove(Path[^1]);
            case JsonObject holder:
                holder[Path[^1]] = Made();
                return true;
            case JsonArray list when Find(list, Path[^1]) is { } entry && Value.Length == 0:
                return list.Remove(entry);
            case JsonArray list when Find(list, Path[^1]) is { } entry:
                list[list.IndexOf(entry)] = Made();
                return true;
            default:
                return false;
        }
    }

    private static JsonNode? Find(JsonNode owner, string part) => owner switch
    {
        JsonObject holder => holder[part],
        JsonArray list => list.FirstOrDefault(entry => entry is JsonObject each && Names.Any(name => each[name] is JsonValue value && value.TryGetValue<string>(out var text) && text == part))
            ?? (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < list.Count ? list[place] : null),
        _ => null,
    };

    private JsonNode? Made()
    {
        try
        {
            return JsonNode.Parse(Value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(Value);
        }
    }
}
