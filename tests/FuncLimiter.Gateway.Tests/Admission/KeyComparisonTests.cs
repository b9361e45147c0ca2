using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Admission;

/// <summary>How keys are looked at.</summary>
public sealed class KeyComparisonTests
{
    private const string Key = "fl-acme-ci-0123456789";

    /// <summary>That of the other uses is shown by requests; jobs come over HTTP and as messages.</summary>
    [Fact]
    public void Authenticator_AsksForTheScopeOfJobs_WhereverAKeyIsLookedAt()
    {
        var key = new AccessKey(Hash(Key)) { Scope = new HashSet<KeyUse> { KeyUse.Calls } };
        var configuration = new GatewayConfiguration { Accounts = [], Routes = [], Tenants = [new TenantConfiguration("acme", [key], 1, [], [])] };
        var authenticator = new Authenticator(configuration, new GatewayOptions(), new TenantKeys(configuration.Tenants), TimeProvider.System);
        var headers = new HeaderDictionary { ["Authorization"] = $"Bearer {Key}" };

        Assert.Equal("acme", authenticator.Authenticate(headers, KeyUse.Calls, out _)?.Tenant);
        Assert.Null(authenticator.Authenticate(headers, KeyUse.Jobs, out var error));
        Assert.Equal((403, "key_not_for_this"), (error!.Status, error.Code));
        Assert.Null(new TenantGate(authenticator).Find(headers, out error));
        Assert.Equal("key_not_for_this", error!.Code);
    }

    /// <summary>The comparison that decides is the library's of constant time, and no other comparison of keys or sums stands beside it.</summary>
    [Fact]
    public void Keys_AreComparedInConstantTime()
    {
        var source = File.ReadAllText(Directory.EnumerateFiles(RepositoryRoot.File("src"), "TenantKeys.cs", SearchOption.AllDirectories).Single());
        var find = source[source.IndexOf("Find(ReadOnlySpan<char> key)", StringComparison.Ordinal)..];

        Assert.Contains("CryptographicOperations.FixedTimeEquals", find, StringComparison.Ordinal);
        Assert.DoesNotContain("SequenceEqual", find, StringComparison.Ordinal);
        Assert.DoesNotContain("==", find, StringComparison.Ordinal);
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
