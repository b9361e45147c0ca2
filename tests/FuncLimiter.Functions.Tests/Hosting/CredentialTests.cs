using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>Accounts that no key opens, asked through the app's functions: each call leaves with its own credential, and without the caller's key.</summary>
public sealed class CredentialTests : IDisposable
{
    private const string Converse = """{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("funclimiter-").FullName;

    [Fact]
    public async Task Entra_OpensAnAzureAccount_ByTheAppsOwnIdentity()
    {
        await using var gateway = await TestGateway.StartAsync(address => With(new("azure", "azure-openai", null, address, "", [], [new("m", [], null)]) { Auth = ProviderAuth.Entra }));

        using var answer = await gateway.PostAsync("/openai/deployments/m/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""", ("api-key", "theirs"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal($"Bearer {KnownToken.Of("https://cognitiveservices.azure.com/.default")}", asked.Headers["Authorization"]);
        Assert.DoesNotContain("theirs", asked.Headers.Values);
    }

    [Fact]
    public async Task Aws_SignsForBedrock_ByTheKeyOfAProfile()
    {
        var credentials = Path.Combine(_folder, "credentials");
        await File.WriteAllTextAsync(credentials, "[functions]\naws_access_key_id = AKIAFUNCTIONS\naws_secret_access_key = a-secret-of-the-tests\n");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", credentials);
        await using var gateway = await TestGateway.StartAsync(address => With(new("aws", "bedrock", "eu-central-1", address, "", [], [new("m", [], null)])
        {
            Auth = ProviderAuth.Aws,
            Identity = new ProviderIdentity { Profile = "functions" },
        }));

        using var answer = await gateway.PostAsync("/model/m/converse", Converse, ("x-api-key", "theirs"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var signature = Assert.Single(gateway.Provider.Requests).Headers["Authorization"];
        Assert.StartsWith("AWS4-HMAC-SHA256 Credential=AKIAFUNCTIONS/", signature, StringComparison.Ordinal);
        Assert.Contains("/eu-central-1/bedrock/aws4_request", signature, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Google_OpensVertex_ByTheTokenOfAServiceAccount()
    {
        var file = Path.Combine(_folder, "service-account.json");
        await using var gateway = await TestGateway.StartAsync(address =>
        {
            File.WriteAllText(file, ServiceAccount(address));
            return With(new("google", "vertex", null, new Uri(address, "/v1/projects/p/locations/eu/endpoints/openapi"), "", [], [new("google/m", [], null)])
            {
                Auth = ProviderAuth.Google,
                Identity = new ProviderIdentity { File = file },
            });
        });
        gateway.Provider.Answer = (context, asked) => FakeProvider.WriteAsync(context, 200, asked.Path == "/token"
            ? """{"access_token":"a-token-of-the-tests","expires_in":3600,"token_type":"Bearer"}""" : Samples.ChatAnswer);

        using var answer = await gateway.PostAsync("/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["/token", "/v1/projects/p/locations/eu/endpoints/openapi/chat/completions"], gateway.Provider.Requests.Select(asked => asked.Path));
        Assert.Equal("Bearer a-token-of-the-tests", gateway.Provider.Requests[1].Headers["Authorization"]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static GatewayConfiguration With(AccountConfiguration account) => new()
    {
        Accounts = [account],
        Routes = [new("m", [$"{account.Id}/{account.Models[0].Model}"], [])],
    };

    private static string ServiceAccount(Uri address)
    {
        using var key = RSA.Create(2048);
        return new JsonObject
        {
            ["type"] = "service_account",
            ["project_id"] = "p",
            ["private_key_id"] = "1",
            ["private_key"] = key.ExportPkcs8PrivateKeyPem(),
            ["client_email"] = "functions@p.iam.gserviceaccount.com",
            ["client_id"] = "1",
            ["token_uri"] = new Uri(address, "/token").AbsoluteUri,
        }.ToJsonString();
    }
}
