using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Credentials;
using FuncLimiter.Server.Tests.Limits;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>A configuration made of keys alone, by the built program, against doubles of the providers' APIs.</summary>
public sealed class DiscoverCommandTests
{
    [Fact]
    public async Task Configuration_OfKeysAlone_IsTakenByCheck_AndServes()
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 600, 120_000), ("model-y", 300, 60_000));
        using var folder = new ServerFolder("{}");
        await File.WriteAllTextAsync(Path.Combine(folder.Root, "keys.env"), $"""
            # the keys of a team
            export OPENAI_API_KEY="{LimitApis.OpenRouterKey}"
            OPENAI_ADMIN_KEY={LimitApis.AdminKey}
            OPENAI_PROJECT=proj_1
            OPENAI_BASE_URL={apis.BaseAddress}/v1
            ANTHROPIC_API_KEY={LimitApis.OpenRouterKey}
            ANTHROPIC_BASE_URL={apis.BaseAddress}
            AZURE_OPENAI_API_KEY={LimitApis.OpenRouterKey}
            AZURE_OPENAI_ENDPOINT={apis.BaseAddress}
            AZURE_OPENAI_RESOURCE={LimitApis.Resource}
            AZURE_OPENAI_LOCATION=eastus
            AZURE_OPENAI_MANAGEMENT_URL={apis.BaseAddress}
            OPENROUTER_API_KEY=nobodys
            OPENROUTER_BASE_URL={apis.BaseAddress}
            SOMETHING_ELSE=1
            """);
        foreach (var (name, value) in apis.Identity.Concat(
        [
            ("OPENAI_API_KEY", LimitApis.OpenRouterKey), ("OPENAI_ADMIN_KEY", LimitApis.AdminKey),
            ("ANTHROPIC_API_KEY", LimitApis.OpenRouterKey), ("AZURE_OPENAI_API_KEY", LimitApis.OpenRouterKey),
        ]))
        {
            folder.With(name, value);
        }

        File.Delete(folder.ConfigurationFile);
        var made = await folder.RunAsync("discover", "--keys", "keys.env", "--out", folder.ConfigurationFile);
        var check = await folder.RunAsync("check", "--config", folder.ConfigurationFile);
        await using var server = await folder.StartAsync();
        var status = (await server.Client.FetchAsync("/status")).Json;

        Assert.Equal((0, 0), (made.ExitCode, check.ExitCode));
        Assert.Contains("3 accounts, 6 deployments", check.Output, StringComparison.Ordinal);
        Assert.Contains("not taken: OPENROUTER_API_KEY: the provider answers 401", made.Errors, StringComparison.Ordinal);
        Assert.Contains("not taken: SOMETHING_ELSE", made.Errors, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(folder.ConfigurationFile);
        Assert.DoesNotContain(LimitApis.OpenRouterKey, text + made.Output + made.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(LimitApis.AdminKey, text + made.Output + made.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("whisper", text, StringComparison.Ordinal);
        Assert.Equal(600, Requests(status, "openai/model-x")["read"]!.GetValue<long>());
        Assert.Equal(300, Requests(status, "azure-openai/model-y")["read"]!.GetValue<long>());
        Assert.Null(Requests(status, "anthropic/model-x")["read"]);
        var azure = status["limitSources"]!.AsArray().Single(source => source!["account"]!.GetValue<string>() == "azure-openai")!;
        Assert.Equal("OpenAI.Standard.gpt-4o", Assert.Single(azure["quotas"]!.AsArray())!["name"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Configuration_OfBedrocksKey_OrOfAwsCredentials_NamesItsModels_AndLeavesLimitsToServiceQuotas(bool hasKey, bool hasCredentials)
    {
        await using var apis = await LimitApis.StartAsync(("Anthropic Claude X", 600, 120_000));
        var (access, secret, _) = apis.Amazon.Make();
        using var folder = new ServerFolder("{}");
        await File.WriteAllTextAsync(Path.Combine(folder.Root, "keys.env"), $"""
            {(hasKey ? $"AWS_BEARER_TOKEN_BEDROCK={LimitApis.BedrockKey}" : "")}
            {(hasCredentials ? $"AWS_ACCESS_KEY_ID={access}\nAWS_SECRET_ACCESS_KEY={secret}" : "")}
            AWS_REGION={AmazonDouble.Region}
            AWS_ENDPOINT_URL_BEDROCK={apis.BaseAddress}
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME={apis.BaseAddress}
            AWS_ENDPOINT_URL_SERVICE_QUOTAS={apis.BaseAddress}
            """);
        folder.With("AWS_BEARER_TOKEN_BEDROCK", LimitApis.BedrockKey).With("AWS_EC2_METADATA_DISABLED", "true")
            .With("AWS_SHARED_CREDENTIALS_FILE", Path.Combine(folder.Root, "none")).With("AWS_CONFIG_FILE", Path.Combine(folder.Root, "none"));
        File.Delete(folder.ConfigurationFile);

        var made = await folder.RunAsync("discover", "--keys", "keys.env", "--out", folder.ConfigurationFile);
        var check = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        Assert.Equal(hasCredentials ? (0, 0) : (1, 1), (made.ExitCode, check.ExitCode));
        Assert.DoesNotContain("not taken", made.Errors, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(folder.ConfigurationFile);
        var account = Assert.Single(JsonNode.Parse(text)!["accounts"]!.AsArray())!;
        Assert.Equal([CloudSetup.Model, "eu.anthropic.claude-y-v1:0"], account["models"]!.AsArray().Select(model => model!["model"]!.GetValue<string>()));
        Assert.Equal(hasKey ? "${AWS_BEARER_TOKEN_BEDROCK}" : null, (string?)account["apiKey"]);
        Assert.DoesNotContain(LimitApis.BedrockKey, text + made.Output + made.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, text + made.Output + made.Errors, StringComparison.Ordinal);
        Assert.Equal(hasCredentials, account["limitSource"] is not null);
        if (!hasCredentials)
        {
            Assert.Contains("can't ask for limits", made.Errors, StringComparison.Ordinal);
            Assert.Contains("to be mended: $.accounts[0].models[0].limits", made.Errors, StringComparison.Ordinal);
            return;
        }

        folder.With("AWS_ACCESS_KEY_ID", access).With("AWS_SECRET_ACCESS_KEY", secret);
        await using var server = await folder.StartAsync();
        Assert.Equal(600, Requests((await server.Client.FetchAsync("/status")).Json, $"bedrock/{CloudSetup.Model}")["read"]!.GetValue<long>());
    }

    [Fact]
    public async Task Bedrock_WithoutARegion_OrWithAKeyThatItDoesNotKnow_IsNotTaken_WithTheReason()
    {
        await using var apis = await LimitApis.StartAsync(("Anthropic Claude X", 600, 120_000));
        using var folder = new ServerFolder("{}");
        await File.WriteAllTextAsync(Path.Combine(folder.Root, "keys.env"), "AWS_BEARER_TOKEN_BEDROCK=nobodys\n");
        var nowhere = await folder.RunAsync("discover", "--keys", "keys.env");
        await File.AppendAllTextAsync(Path.Combine(folder.Root, "keys.env"), $"AWS_REGION=eu-central-1\nAWS_ENDPOINT_URL_BEDROCK={apis.BaseAddress}\n");

        var refused = await folder.RunAsync("discover", "--keys", "keys.env");

        Assert.Equal((1, 1), (nowhere.ExitCode, refused.ExitCode));
        Assert.Contains("not taken: AWS_BEARER_TOKEN_BEDROCK: AWS_REGION is needed beside it", nowhere.Errors, StringComparison.Ordinal);
        Assert.Contains("not taken: AWS_BEARER_TOKEN_BEDROCK: the provider answers 403: it does not take the key", refused.Errors, StringComparison.Ordinal);
    }

    private static JsonNode Requests(JsonNode status, string deployment) => status["budgets"]!.AsArray()
        .Single(budget => budget!["name"]!.GetValue<string>() == $"deployment:{deployment}")!["meters"]!.AsArray()
        .Single(meter => meter!["dimension"]!.GetValue<string>() == "requests" && meter["windowSeconds"]!.GetValue<double>() == 60)!;
}
