using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the tenants.</summary>
internal sealed partial class TenantsReader(MistakeList mistakes, SecretReader secrets, IReadOnlyList<AccountConfiguration> accounts)
{
    private const decimal MostWeight = 1_000_000;
    private const string HashPrefix = "sha256:";

    private readonly LimitsReader _limits = new(mistakes);
    private readonly AllowanceReader _allowances = new(mistakes, accounts);

    public List<TenantConfiguration> Read(ObjectReader root)
    {
        var tenants = new List<TenantConfiguration>();
        var ids = new UniqueNames(mistakes, "another tenant");
        var keys = new UniqueNames(mistakes, "the hash of another key");
        foreach (var (path, element) in root.List("tenants"))
        {
            if (ObjectReader.Open(element, path, Shapes.Tenant, mistakes) is { } reader)
            {
                tenants.Add(ReadTenant(reader, ids, keys));
            }
        }

        return tenants;
    }

    private TenantConfiguration ReadTenant(ObjectReader reader, UniqueNames ids, UniqueNames keys)
    {
        var id = reader.Text("id", required: true);
        if (id is not null && !AccountsReader.IsId(id))
        {
            mistakes.Add(reader.At("id"), MistakeList.Quote(id), $"write {Shapes.Tenant["id"].Wanted}");
        }
        else
        {
            ids.Add(id, reader.At("id"));
        }

        var hashes = new List<string>();
        foreach (var (path, element) in reader.List("keys", required: true))
        {
            if (ReadHash(path, element) is { } hash)
            {
                keys.Add(hash, path, $"\"{HashPrefix}{hash[..8]}...\"");
                hashes.Add(hash);
            }
        }

        var weight = reader.Number("weight", 0, MostWeight, aboveLeast: true) ?? 1;
        var own = _limits.Read(reader, "limits", CountingRule.Consumer);
        var user = _limits.Read(reader, "userLimits", CountingRule.Consumer);
        _limits.CheckWithin(reader.At("userLimits"), user, own, "its tenant's");
        return new TenantConfiguration(id ?? string.Empty, hashes, (double)weight, own.Limits, user.Limits)
        {
            Allow = _allowances.Read(reader),
            Organization = reader.Text("organization"),
            WebhookSecret = secrets.Secret(reader, "webhookSecret"),
        };
    }

    private string? ReadHash(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String || element.GetString() is not { } text || string.IsNullOrWhiteSpace(text))
        {
            mistakes.Add(path, element.ValueKind == JsonValueKind.String ? "an empty text" : "something other than a text", $"write \"{HashPrefix}\" and 64 hexadecimal digits");
            return null;
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
