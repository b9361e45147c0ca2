using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>
/// Reads keys, each of which may stand only once: a hash, or an object of the hash and its terms. A key itself may come from the environment;
/// its hash alone is kept.
/// </summary>
internal sealed partial class KeyReader(MistakeList mistakes, SecretReader secrets, Shape shape, params KeyUse[] uses)
{
    private const string HashPrefix = "sha256:";

    private readonly UniqueNames _keys = new(mistakes, "the hash of another key");

    /// <summary>The keys that a list holds.</summary>
    public List<AccessKey> Read(ObjectReader owner, string name)
    {
        var keys = new List<AccessKey>();
        foreach (var (path, element) in owner.List(name, required: true))
        {
            if ((element.ValueKind == JsonValueKind.Object ? ReadObject(path, element) : ReadHash(path, element) is { } hash ? new AccessKey(hash) : null) is { } key)
            {
                _keys.Add(key.Hash, path, $"\"{HashPrefix}{key.Hash[..8]}...\"");
                keys.Add(key);
            }
        }

        return keys;
    }

    private AccessKey? ReadObject(string path, JsonElement element)
    {
        if (ObjectReader.Open(element, path, shape, mistakes) is not { } reader)
        {
            return null;
        }

        var (prefix, expires, scope) = (Prefix(reader), Expires(reader), Scope(reader));
        if (reader.Text("hash", required: true) is not { } text || ReadHash(reader.At("hash"), text) is not { } hash)
        {
            return null;
        }

        return new AccessKey(hash) { Prefix = prefix, Expires = expires, Scope = scope };
    }

    private string? Prefix(ObjectReader reader)
    {
        if (reader.Text("prefix") is not { } text)
        {
            return null;
        }

        if (ShownPrefix().IsMatch(text))
        {
            return text;
        }

        // Somebody may have written the whole key.
        mistakes.Add(reader.At("prefix"), MistakeList.Mask(text), $"write {shape["prefix"].Wanted}");
        return null;
    }

    private DateOnly? Expires(ObjectReader reader)
    {
        if (reader.Text("expires") is not { } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return day;
        }

        mistakes.Add(reader.At("expires"), MistakeList.Quote(text), $"write {shape["expires"].Wanted}");
        return null;
    }

    private IReadOnlySet<KeyUse>? Scope(ObjectReader reader)
    {
        if (!reader.Has("scope"))
        {
            return null;
        }

        var scope = new List<KeyUse>();
        foreach (var (path, element) in reader.List("scope", required: true))
        {
            var use = uses.Where(use => element.ValueKind == JsonValueKind.String && element.ValueEquals(NameOf(use))).ToList();
            scope.AddRange(use);
            if (use.Count == 0)
            {
                mistakes.Add(path, MistakeList.Show(element), $"write one of {string.Join(", ", uses.Select(known => $"\"{NameOf(known)}\""))}");
            }
        }

        return AccessKey.ScopeOf(scope);
    }

    private static string NameOf(KeyUse use) => use.ToString().ToLowerInvariant();

    private string? ReadHash(string path, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String && element.GetString() is { } text && !string.IsNullOrWhiteSpace(text))
        {
            return ReadHash(path, text);
        }

        mistakes.Add(path, element.ValueKind == JsonValueKind.String ? "an empty text" : "something other than a text", $"write \"{HashPrefix}\" and 64 hexadecimal digits");
        return null;
    }

    private string? ReadHash(string path, string text)
    {
        if (secrets.TryKey(text, path, out var key))
        {
            return key is null ? null
                : Hash().Match(key) is { Success: true } known ? known.Groups["digits"].Value.ToLowerInvariant()
                : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        }

        if (Hash().Match(text) is { Success: true } match)
        {
            return match.Groups["digits"].Value.ToLowerInvariant();
        }

        mistakes.Add(path, MistakeList.Mask(text), text.StartsWith(HashPrefix, StringComparison.OrdinalIgnoreCase)
            ? $"write \"{HashPrefix}\" and 64 hexadecimal digits, as \"printf %s KEY | sha256sum\" prints them"
            : $"write the key's hash, not the key: \"{HashPrefix}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}\""
                + " (as \"printf %s KEY | sha256sum\" prints it)");
        return null;
    }

    [GeneratedRegex(@"^sha256:(?<digits>[0-9a-fA-F]{64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hash();

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,16}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShownPrefix();
}
