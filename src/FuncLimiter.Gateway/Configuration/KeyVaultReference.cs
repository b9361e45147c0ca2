using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>
/// A secret that stands in Azure Key Vault, written as App Service writes it:
/// <c>@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/name/version)</c> or
/// <c>@Microsoft.KeyVault(VaultName=v;SecretName=name;SecretVersion=version)</c>.
/// Source: "Use Key Vault references as app settings", Microsoft Learn.
/// </summary>
/// <param name="Vault">The vault's address.</param>
/// <param name="Name">The secret's name.</param>
/// <param name="Version">The secret's version; null for the newest.</param>
public sealed record KeyVaultReference(Uri Vault, string Name, string? Version)
{
    private const string Opening = "@Microsoft.KeyVault(";

    /// <summary>True where the text means to be a reference, well formed or not.</summary>
    public static bool IsReference(string text) => text.StartsWith(Opening, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a reference.</summary>
    /// <param name="text">The text.</param>
    /// <param name="reference">The reference, where it is well formed.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out KeyVaultReference? reference)
    {
        reference = null;
        if (!IsReference(text) || !text.EndsWith(')'))
        {
            return false;
        }

        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text[Opening.Length..^1].Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !parts.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
            {
                return false;
            }
        }

        reference = parts.TryGetValue("SecretUri", out var uri) ? FromUri(uri) : FromNames(parts);
        return reference is not null;
    }

    private static KeyVaultReference? FromUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            return null;
        }

        var segments = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return segments.Length is 2 or 3 && segments[0] == "secrets"
            ? new KeyVaultReference(new Uri(uri, "/"), segments[1], segments.Length == 3 ? segments[2] : null)
            : null;
    }

    private static KeyVaultReference? FromNames(Dictionary<string, string> parts) =>
        parts.TryGetValue("VaultName", out var vault) && parts.TryGetValue("SecretName", out var name) && name.Length > 0
        && Uri.TryCreate($"https://{vault}.vault.azure.net/", UriKind.Absolute, out var uri)
            ? new KeyVaultReference(uri, name, parts.GetValueOrDefault("SecretVersion"))
            : null;
}

/// <summary>Fills in the Key Vault references that a configuration still holds.</summary>
public static class KeyVaultSecrets
{
    /// <summary>The references that are not resolved yet, with the place of each. A host that cannot resolve them must not start.</summary>
    /// <param name="configuration">The configuration.</param>
    public static IReadOnlyList<(string Path, KeyVaultReference Reference)> Unresolved(GatewayConfiguration configuration)
    {
        var secrets = configuration.Accounts.Select((account, index) => ($"$.accounts[{index}].apiKey", (string?)account.ApiKey))
            .Concat(configuration.Accounts.Select((account, index) => ($"$.accounts[{index}].limitSource.adminKey", account.LimitSource?.Key)))
            .Concat(configuration.Tenants.Select((tenant, index) => ($"$.tenants[{index}].webhookSecret", tenant.WebhookSecret)))
            .Append(("$.jobs.webhookSecret", configuration.Jobs.WebhookSecret))
            .Append(("$.alerts.webhookSecret", configuration.Alerts.WebhookSecret))
            .Append(("$.record.key", configuration.Record?.Key));
        return [.. secrets.SelectMany(secret => Reference(secret.Item2) is { } reference ? [(secret.Item1, reference)] : Array.Empty<(string, KeyVaultReference)>())];
    }

    /// <summary>The same configuration with every reference replaced by its secret; each secret is asked for once.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="resolve">Fetches a secret; what it throws is passed on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<GatewayConfiguration> ResolveAsync(
        GatewayConfiguration configuration, Func<KeyVaultReference, CancellationToken, ValueTask<string>> resolve, CancellationToken cancellationToken)
    {
        var secrets = new Dictionary<KeyVaultReference, string>();
        foreach (var (_, reference) in Unresolved(configuration))
        {
            if (!secrets.ContainsKey(reference))
            {
                secrets.Add(reference, await resolve(reference, cancellationToken).ConfigureAwait(false));
            }
        }

        string? Filled(string? secret) => Reference(secret) is { } reference ? secrets[reference] : secret;
        return configuration with
        {
            Accounts = [.. configuration.Accounts.Select(account => account with
            {
                ApiKey = Filled(account.ApiKey)!,
                LimitSource = account.LimitSource is { } source ? source with { Key = Filled(source.Key)! } : null,
            })],
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { WebhookSecret = Filled(tenant.WebhookSecret) })],
            Jobs = configuration.Jobs with { WebhookSecret = Filled(configuration.Jobs.WebhookSecret) },
            Alerts = configuration.Alerts with { WebhookSecret = Filled(configuration.Alerts.WebhookSecret) },
            Record = configuration.Record is { } record ? record with { Key = Filled(record.Key)! } : null,
        };
    }

    private static KeyVaultReference? Reference(string? secret) =>
        secret is not null && KeyVaultReference.TryParse(secret, out var reference) ? reference : null;
}
