using System.Net;
using Azure.Core;
using Azure.Identity;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Calls;

public class EntraTokensTests
{
    private const string Scope = "https://cognitiveservices.azure.com/.default";

    private readonly VirtualTime _time = new();
    private readonly ScriptedCredential _credential = new();
    private readonly EntraTokens _tokens;

    public EntraTokensTests() => _tokens = new EntraTokens(() => _credential, _time, NullLogger<EntraTokens>.Instance);

    [Fact]
    public async Task Token_IsAskedForOnce_HoweverManyCallsNeedIt()
    {
        _credential.Answer = () => new AccessToken("one", _time.GetUtcNow() + TimeSpan.FromHours(1));

        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => TokenAsync().AsTask()));

        Assert.All(taken, token => Assert.Equal("one", token));
        Assert.Equal([Scope], _credential.Asked);
    }

    [Fact]
    public async Task Token_IsReplacedBeforeItEnds()
    {
        _credential.Answer = () => new AccessToken($"token {_credential.Asked.Count}", _time.GetUtcNow() + TimeSpan.FromHours(1));
        await TokenAsync();

        _time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("token 1", await TokenAsync());
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("token 2", await TokenAsync());
    }

    [Fact]
    public async Task Token_ThatCannotBeReplaced_IsUsedToItsEnd_ThenNothingIsSent()
    {
        _credential.Answer = () => new AccessToken("one", _time.GetUtcNow() + TimeSpan.FromHours(1));
        await TokenAsync();
        _credential.Answer = () => throw new AuthenticationFailedException("away");

        _time.Advance(TimeSpan.FromMinutes(56));
        Assert.Equal("one", await TokenAsync());
        Assert.Equal("one", await TokenAsync());
        Assert.Equal(2, _credential.Asked.Count);
        _time.Advance(TimeSpan.FromMinutes(4));
        var failure = await Assert.ThrowsAsync<CredentialMissingException>(() => TokenAsync().AsTask());
        Assert.False(UpstreamFailure.WasReached(failure, timedOut: false));
    }

    [Theory]
    [InlineData("entra", null, "Bearer one")]
    [InlineData("key", "secret", null)]
    public async Task Account_IsOpenedAsItsConfigurationSays(string auth, string? key, string? authorization)
    {
        _credential.Answer = () => new AccessToken("one", _time.GetUtcNow() + TimeSpan.FromHours(1));
        var apiKey = auth == "key" ? "\"apiKey\": \"${KEY}\"," : "";
        var read = ConfigurationReader.Read(
            $$$"""{"accounts":[{"id":"one","provider":"azure-openai","endpoint":"https://x.openai.azure.com",{{{apiKey}}}"auth":"{{{auth}}}","models":[{"model":"gpt-x","limits":{"rpm":10}}]}]}""",
            _ => "secret");
        Assert.Empty(read.Mistakes);
        var account = read.Configuration!.Accounts[0];
        var deployment = new Deployment(account, account.Models[0], ProviderCatalog.Get("azure-openai"));
        using var provider = new Recorder();
        using var client = new UpstreamClient(provider, new UpstreamCredentials(new Lazy<EntraTokens>(_tokens), _time, NullLogger<UpstreamCredentials>.Instance));

        var address = deployment.Address(Operation.ChatCompletions, "");
        using var request = new HttpRequestMessage(HttpMethod.Post, address.Uri);
        UpstreamRequest.Authenticate(request, address);
        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(authorization, provider.Seen!.Headers.Authorization?.ToString());
        Assert.Equal(key, provider.Seen.Headers.TryGetValues("api-key", out var keys) ? Assert.Single(keys) : null);
    }

    [Theory]
    [InlineData("azure-openai", "\"auth\":\"entra\",\"apiKey\":\"${KEY}\"", "$.accounts[0].apiKey")]
    [InlineData("openai", "\"auth\":\"entra\"", "$.accounts[0].auth")]
    [InlineData("azure-openai", "\"auth\":\"token\",\"apiKey\":\"${KEY}\"", "$.accounts[0].auth")]
    [InlineData("azure-openai", "\"auth\":\"key\"", "$.accounts[0].apiKey")]
    [InlineData("azure-openai", "\"apiKeyFile\":\"/no/such/file\"", "$.accounts[0].apiKeyFile")]
    [InlineData("azure-openai", "\"apiKeyFile\":\"/dev/null\"", "$.accounts[0].apiKeyFile")]
    [InlineData("azure-openai", "\"auth\":\"entra\",\"apiKeyFile\":\"/no/such/file\"", "$.accounts[0].apiKeyFile")]
    [InlineData("azure-openai", "\"auth\":\"aws\"", "$.accounts[0].auth")]
    [InlineData("bedrock", "\"auth\":\"google\"", "$.accounts[0].auth")]
    [InlineData("vertex", "\"auth\":\"entra\"", "$.accounts[0].auth")]
    [InlineData("bedrock", "\"auth\":\"aws\"", "$.accounts[0].region")]
    [InlineData("bedrock", "\"auth\":\"aws\",\"region\":\"Ohio\"", "$.accounts[0].region")]
    [InlineData("bedrock", "\"auth\":\"aws\",\"region\":\"us-east-1\",\"apiKey\":\"${KEY}\"", "$.accounts[0].apiKey")]
    [InlineData("bedrock", "\"auth\":\"aws\",\"region\":\"us-east-1\",\"identity\":{\"role\":\"admin\"}", "$.accounts[0].identity.role")]
    [InlineData("bedrock", "\"auth\":\"aws\",\"region\":\"us-east-1\",\"identity\":{\"externalId\":\"one\"}", "$.accounts[0].identity.externalId")]
    [InlineData("bedrock", "\"auth\":\"aws\",\"region\":\"us-east-1\",\"identity\":{\"file\":\"one.json\"}", "$.accounts[0].identity.file")]
    [InlineData("bedrock", "\"auth\":\"key\",\"apiKey\":\"${KEY}\",\"identity\":{\"profile\":\"one\"}", "$.accounts[0].identity")]
    [InlineData("vertex", "\"auth\":\"google\",\"identity\":{\"profile\":\"one\"}", "$.accounts[0].identity.profile")]
    [InlineData("vertex", "\"auth\":\"google\",\"identity\":{\"key\":\"one\"}", "$.accounts[0].identity.key")]
    public void Auth_ThatDoesNotFit_IsOneMistake(string provider, string members, string path)
    {
        var read = ConfigurationReader.Read(
            $$$"""{"accounts":[{"id":"one","provider":"{{{provider}}}","endpoint":"https://x.openai.azure.com",{{{members}}},"models":[{"model":"gpt-x","limits":{"rpm":10}}]}]}""",
            _ => "secret");

        Assert.Equal(path, Assert.Single(read.Mistakes).Path);
    }

    [Theory]
    [InlineData("foo", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    [InlineData("sha256:2C26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    public void TenantKey_FromTheEnvironment_IsKeptAsItsHash(string value, string hash)
    {
        var read = Tenant(value);

        Assert.Equal([hash], read.Configuration!.Tenants[0].Keys.Select(key => key.Hash));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("@Microsoft.KeyVault(VaultName=v;SecretName=FUNCLIMITER-KEY)")]
    public void TenantKey_ThatIsNotToBeHad_IsAMistake(string? value) =>
        Assert.Equal("$.tenants[0].keys[0]", Assert.Single(Tenant(value).Mistakes).Path);

    private ValueTask<string> TokenAsync() => _tokens.For(new EntraAccess(Scope)).GetAsync(CancellationToken.None);

    private static ConfigurationResult Tenant(string? value) => ConfigurationReader.Read(
        """{"accounts":[{"id":"one","provider":"openai","apiKey":"${KEY}","models":[{"model":"gpt-x","limits":{"rpm":10}}]}],"tenants":[{"id":"acme","keys":["${ACME}"]}]}""",
        name => name == "KEY" ? "secret" : value);

    private sealed class Recorder : HttpMessageHandler
    {
        public HttpRequestMessage? Seen { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen = request;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        }
    }

    private sealed class ScriptedCredential : TokenCredential
    {
        public List<string> Asked { get; } = [];

        public Func<AccessToken> Answer { get; set; } = () => throw new AuthenticationFailedException("none");

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Asked.Add(Assert.Single(requestContext.Scopes));
            return Answer();
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
