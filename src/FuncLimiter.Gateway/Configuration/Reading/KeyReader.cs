using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads hashes of keys, each of which may stand only once. A key itself may come from the environment; its hash alone is kept.</summary>
internal sealed partial class KeyHashReader(MistakeList mistakes, SecretReader secrets)
{
    private const string HashPrefix = "sha256:";

    private readonly UniqueNames _keys = new(mistakes, "the hash of another key");

    /// <summary>The hashes that a list holds.</summary>
    public List<string> Read(ObjectReader owner, string name, bool required)
    {
        var hashes = new List<string>();
        foreach (var (path, element) in owner.List(name, required))
        {
            if (ReadHash(path, element) is { } hash)
            {
                _keys.Add(hash, path, $"\"{HashPrefix}{hash[..8]}...\"");
                hashes.Add(hash);
            }
        }

        return hashes;
    }

    private string? ReadHash(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String || element.GetString() is not { } text || string.IsNullOrWhiteSpace(text))
        {
            mistakes.Add(path, element.ValueKind == JsonValueKind.String ? "an empty text" : "something other than a text", $"write \"{HashPrefix}\" and 64 hexadecimal digits");
            return null;
        }

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
}
