using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class KeyVaultSecretsTests
{
    private static readonly GatewayConfiguration Configuration =
        Sample.Valid(Sample.With("jobs.webhookSecret", "\"@Microsoft.KeyVault(VaultName=keys;SecretName=claude)\""));

    [Fact]
    public void Unresolved_WhenReferencesStand_NamesTheirPlaces() =>
        Assert.Equal(["$.accounts[2].apiKey", "$.jobs.webhookSecret"], KeyVaultSecrets.Unresolved(Configuration).Select(secret => secret.Path));

    [Fact]
    public async Task Resolve_WhenASecretIsUsedTwice_AsksForItOnceAndFillsItInEverywhere()
    {
        var asked = new List<KeyVaultReference>();

        var resolved = await KeyVaultSecrets.ResolveAsync(
            Configuration,
            (reference, _) =>
            {
                asked.Add(reference);
                return ValueTask.FromResult($"secret of {reference.Name}");
            },
            CancellationToken.None);

        Assert.Single(asked);
        Assert.Empty(KeyVaultSecrets.Unresolved(resolved));
        Assert.Equal("secret of claude", resolved.Accounts[2].ApiKey);
        Assert.Equal("secret of claude", resolved.Jobs.WebhookSecret);
        Assert.Equal(Sample.OpenAIKey, resolved.Accounts[0].ApiKey);
        Assert.Equal(Sample.HookSecret, resolved.Tenants[0].WebhookSecret);
    }
}
