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
