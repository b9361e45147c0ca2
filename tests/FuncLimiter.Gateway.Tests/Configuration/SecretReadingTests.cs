using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class SecretReadingTests
{
    private const string Plain = "sk-plain-9876543210zyxwvut";

    [Theory]
    [InlineData("accounts[0].apiKey")]
    [InlineData("tenants[0].webhookSecret")]
    [InlineData("jobs.webhookSecret")]
    public void Secret_WhenItStandsInTheFile_IsAMistakeThatDoesNotRepeatIt(string place)
    {
        var mistake = Sample.Mistake(place, $"\"{Plain}\"");

        Assert.Equal($"$.{place}", mistake.Path);
        Assert.Contains("${NAME}", mistake.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(Plain[4..], mistake.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_WhenOnlyAPartOfItIsAVariable_IsAMistake() =>
        Assert.Contains("${NAME}", Sample.Mistake("accounts[0].apiKey", "\"sk-${HOOK}\"").Fix, StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Secret_WhenItsVariableIsNotSet_NamesTheVariable(string? value)
    {
        var mistakes = ConfigurationReader.Read(Sample.Json, name => name == "HOOK" ? Sample.HookSecret : value).Mistakes;

        Assert.Equal(["$.accounts[0].apiKey", "$.accounts[1].apiKey"], mistakes.Select(mistake => mistake.Path));
        Assert.All(mistakes, mistake => Assert.Equal("set the environment variable OPENAI_KEY_EAST", mistake.Fix));
    }

    /// <summary>Only the Functions platform fills references in; sent as they are they would be keys that anybody can write.</summary>
    [Theory]
    [InlineData("accounts[0].apiKey")]
    [InlineData("jobs.webhookSecret")]
    [InlineData("alerts.webhookSecret")]
    [InlineData("tenants[0].webhookSecret")]
    public void KeyVaultReference_ThatStandsInTheFile_IsAMistake(string member)
    {
        var mistake = Sample.Mistake(member, "\"@Microsoft.KeyVault(VaultName=keys;SecretName=claude)\"");

        Assert.Equal($"$.{member}", mistake.Path);
        Assert.Contains("${NAME}", mistake.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void KeyVaultReference_ThatNobodyFilledIn_IsAMistake()
    {
        const string reference = "@Microsoft.KeyVault(SecretUri=https://keys.vault.azure.net/secrets/openai/0123)";

        var mistakes = ConfigurationReader.Read(Sample.Json, name => name == "HOOK" ? Sample.HookSecret : reference).Mistakes;

        Assert.Equal(["$.accounts[0].apiKey", "$.accounts[1].apiKey"], mistakes.Select(mistake => mistake.Path));
        Assert.All(mistakes, mistake => Assert.DoesNotContain(reference, mistake.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void TenantKey_WhenItStandsInPlainText_IsAMistakeWithItsHashReadyMade()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Plain)));

        var mistake = Sample.Mistake("tenants[0].keys[0]", $"\"{Plain}\"");

        Assert.Equal("$.tenants[0].keys[0]", mistake.Path);
        Assert.Contains($"sha256:{hash}", mistake.Fix, StringComparison.Ordinal);
        Assert.Contains("sha256sum", mistake.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(Plain[4..], mistake.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("sha256:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void TenantKey_WhenItsHashIsMalformed_IsAMistake(string text) =>
        Assert.Contains("64 hexadecimal digits", Sample.Mistake("tenants[0].keys[0]", $"\"{text}\"").Fix, StringComparison.Ordinal);

    [Fact]
    public void TenantKey_WhenItsHashIsInCapitals_IsTheSameKey()
    {
        var upper = $"sha256:{Sample.KeyHash.ToUpperInvariant()}";

        Assert.Equal([Sample.KeyHash], Sample.Valid(Sample.With("tenants[0].keys[0]", $"\"{upper}\"")).Tenants[0].Keys.Select(key => key.Hash));
        Assert.Contains("another key", Sample.Mistake("tenants[0].keys", $"[\"sha256:{Sample.KeyHash}\", \"{upper}\"]").Found, StringComparison.Ordinal);
    }

    [Fact]
    public void TenantKey_WithTerms_IsReadWithThem()
    {
        var key = $$"""{ "hash": "sha256:{{Sample.KeyHash}}", "prefix": "fl-acme-ci", "expires": "2027-06-30", "scope": ["jobs", "usage"] }""";

        var read = Assert.Single(Sample.Valid(Sample.With("tenants[0].keys[0]", key)).Tenants[0].Keys);

        Assert.Equal((Sample.KeyHash, "fl-acme-ci", new DateOnly(2027, 6, 30)), (read.Hash, read.Prefix, read.Expires));
        Assert.Equal([KeyUse.Jobs, KeyUse.Usage], read.Scope!.Order());
    }

    [Fact]
    public void AdminKey_WithTerms_IsReadWithThem()
    {
        var key = $$"""{ "hash": "sha256:{{Sample.KeyHash}}", "scope": ["look"] }""";

        Assert.Equal([KeyUse.Look], Assert.Single(Sample.Valid(Sample.With("admin.keys[0]", key)).Admin.Keys).Scope!);
    }

    [Theory]
    [InlineData("tenants[0].keys[0].expires", "2027-02-30", "the last day")]
    [InlineData("tenants[0].keys[0].expires", "soon", "the last day")]
    [InlineData("tenants[0].keys[0].prefix", "a whole key, 32 letters and more", "at most 16")]
    [InlineData("tenants[0].keys[0].scope[0]", "look", "\"reservations\"")]
    [InlineData("admin.keys[0].scope[0]", "calls", "\"change\"")]
    public void KeyTerms_ThatAreWrong_AreMistakesThatSayWhatToWrite(string place, string value, string fix)
    {
        var terms = new System.Text.Json.Nodes.JsonObject { ["hash"] = $"sha256:{Sample.KeyHash}", ["expires"] = "2027-06-30", ["prefix"] = "fl" };
        terms["scope"] = new System.Text.Json.Nodes.JsonArray(place.StartsWith("admin", StringComparison.Ordinal) ? "look" : "calls");
        var path = place.Split('.')[0] == "admin" ? "admin.keys[0]" : "tenants[0].keys[0]";
        if (place.Contains("scope", StringComparison.Ordinal))
        {
            terms["scope"]!.AsArray()[0] = value;
        }
        else
        {
            terms[place.Split('.')[^1]] = value;
        }

        var mistake = Sample.Mistake(path, terms.ToJsonString());

        Assert.Equal($"$.{place}", mistake.Path);
        Assert.Contains(fix, mistake.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void KeyTerms_WithAPlainKeyForAHash_AreAMistakeThatDoesNotRepeatIt()
    {
        var mistake = Sample.Mistake("tenants[0].keys[0]", $$"""{ "hash": "{{Plain}}" }""");

        Assert.Equal("$.tenants[0].keys[0].hash", mistake.Path);
        Assert.DoesNotContain(Plain[4..], mistake.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_WhenItHoldsAPassword_IsAMistakeThatDoesNotRepeatIt()
    {
        var mistake = Sample.Mistake("accounts[0].endpoint", "\"https://me:hunter22@api.openai.com\"");

        Assert.Contains("apiKey", mistake.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", mistake.ToString(), StringComparison.Ordinal);
    }
}
