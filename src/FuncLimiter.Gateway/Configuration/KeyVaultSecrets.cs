namespace FuncLimiter.Gateway.Configuration;

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
