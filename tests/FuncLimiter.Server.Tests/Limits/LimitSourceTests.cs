using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Credentials;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Limits;

/// <summary>Limits that the server process reads from the providers' APIs, over HTTP.</summary>
[TakesLong]
public sealed class LimitSourceTests
{
    private const string ProviderKey = LimitApis.OpenRouterKey;
    private const string Chat = """{"model":"MODEL","messages":[{"role":"user","content":"Hello"}],"max_tokens":5}""";

    [Theory]
    [InlineData("openai", 600, 120_000, 120_000)]
    [InlineData("anthropic", 600, 60_000, 60_000)]
    [InlineData("azure-openai", 600, 120_000, 120_000)]
    public async Task Limits_OfNobodysWriting_AreWhatTheApiTells_OnWhateverPage(string provider, long requests, long tokens, long mostTokens)
    {
        await using var apis = await LimitApis.StartAsync(("other", 1, 1), ("model-x", 600, 120_000));
        await using var behind = await DoubleAsync(provider, 60_000);
        using var folder = Folder(provider, behind, apis, "\"auto\"");
        await using var server = await folder.StartAsync();

        var status = await StatusAsync(server);

        Assert.Equal((requests, (long?)null), (Meter(status, "requests", 60).Read, Meter(status, "requests", 60).Typed));
        Assert.InRange(Meter(status, "requests", 60).Effective, requests * 0.99, requests);
        var counted = provider == "anthropic" ? "inputTokens" : "tokens";
        Assert.Equal(tokens, Meter(status, counted, 60).Read);
        Assert.InRange(Meter(status, counted, 60).Effective, mostTokens * 0.99, mostTokens);
        var source = status["limitSources"]![0]!;
        Assert.Null(source["fault"]);
        Assert.InRange(DateTimeOffset.UtcNow - source["readAt"]!.GetValue<DateTimeOffset>(), TimeSpan.FromSeconds(-5), TimeSpan.FromMinutes(2));
        Assert.Single(source["unknown"]!.AsArray());
    }

    [Fact]
    public async Task Limits_OfOpenRouter_AreThoseOfTheKey()
    {
        await using var apis = await LimitApis.StartAsync();
        apis.Credit = 100;
        await using var behind = await DoubleAsync("openrouter", 60_000);
        using var folder = Folder("openrouter", behind, apis, "\"auto\"", "model-x:free");
        await using var server = await folder.StartAsync();

        var status = await StatusAsync(server, "model-x:free");

        Assert.Equal((20L, 1000L), (Meter(status, "requests", 60, "model-x:free").Read, Meter(status, "requests", 86_400, "model-x:free").Read));
        var source = status["limitSources"]![0]!;
        Assert.Equal("limit_reset yearly", source["unknown"]![0]!.GetValue<string>());
        Assert.Equal(100_000_000_000, source["limits"]!.AsArray().Single(limit => limit!["dimension"]!.GetValue<string>() == "costNanoUsd")!["amount"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("azure-openai")]
    public async Task Limit_ThatChangesWhileItRuns_IsTakenUpWithinTheSchedule_AndNoCallIsLost(string provider)
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 6_000, 1_000_000));
        await using var behind = await DoubleAsync(provider, 60_000);
        using var folder = Folder(provider, behind, apis, "\"auto\"");
        await using var server = await folder.StartAsync();
        using var over = new CancellationTokenSource();
        var calls = CallAsync(server, provider, over.Token);

        apis.Set(("model-x", 3_000, 500_000));
        await UntilAsync(server, status => Meter(status, "requests", 60) is { Read: 3_000, Effective: <= 3_000 });
        apis.Set(("model-x", 12_000, 2_000_000));
        await UntilAsync(server, status => Meter(status, "requests", 60) is { Read: 12_000, Effective: > 11_000 });
        await over.CancelAsync();

        var statuses = await calls;
        Assert.NotEmpty(statuses);
        Assert.All(statuses, status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task Quotas_OfAzure_StandBesideTheDeploymentsLimits_AndWithoutTheRightToThemTheLimitsHold()
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 600, 120_000));
        await using var behind = await DoubleAsync("azure-openai", 60_000);
        using var folder = Folder("azure-openai", behind, apis, "\"auto\"", location: true);
        await using var server = await folder.StartAsync();

        var quota = Assert.Single((await StatusAsync(server))["limitSources"]![0]!["quotas"]!.AsArray())!;
        Assert.Equal("""{"name":"OpenAI.Standard.gpt-4o","given":25,"amount":120,"deployments":["model-x: 10"]}""", quota.ToJsonString());

        apis.Set(("model-x", 600, 240_000));
        await UntilAsync(server, status => (int?)status["limitSources"]![0]!["quotas"]!.AsArray().SingleOrDefault()?["amount"] == 240);
        apis.AzureMayReadUsages = false;
        apis.Set(("model-x", 1_200, 240_000));
        await UntilAsync(server, status => Meter(status, "requests", 60) is { Read: 1_200 } && status["alerts"]!.AsArray().Count == 1);
        var status = await StatusAsync(server);
        const string fault = "quotas: 403: the key has no right to read limits (AuthorizationFailed: the client does not have authorization.)";
        Assert.Equal(fault, status["limitSources"]![0]!["fault"]!.GetValue<string>());
        Assert.EndsWith($"can't be read: {fault}", status["alerts"]![0]!["cause"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quotas_OfBedrock_AreReadByTheAccountsCredentials_TakenUpWhereTheyChange_AndNoCallIsLost()
    {
        await using var apis = await LimitApis.StartAsync(("Anthropic Claude Other", 1, 1), ("Anthropic Claude X", 6_000, 1_000_000));
        var (key, secret, _) = apis.Amazon.Make();
        using var folder = BedrockFolder(apis, key, secret);
        await using var server = await folder.StartAsync();
        var status = await StatusAsync(server, CloudSetup.Model);
        Assert.Equal((6_000L, 1_000_000L), (Meter(status, "requests", 60, CloudSetup.Model).Read, Meter(status, "tokens", 60, CloudSetup.Model).Read));
        Assert.Equal("Records per batch inference job for Anthropic Claude X", Assert.Single(status["limitSources"]![0]!["unknown"]!.AsArray())!.GetValue<string>());
        using var over = new CancellationTokenSource();
        var calls = CallAsync(server, "bedrock", over.Token, CloudSetup.Model);

        apis.Set(("Anthropic Claude X", 3_000, 500_000));
        await UntilAsync(server, now => Meter(now, "requests", 60, CloudSetup.Model) is { Read: 3_000, Effective: <= 3_000 }, CloudSetup.Model);
        apis.Set(("Anthropic Claude X", 12_000, 2_000_000));
        await UntilAsync(server, now => Meter(now, "requests", 60, CloudSetup.Model) is { Read: 12_000, Effective: > 11_000 }, CloudSetup.Model);
        apis.AwsMayRead = false;
        await UntilAsync(server, now => (string?)now["limitSources"]![0]!["fault"] == "400: the key has no right to read limits (User is not authorized to perform: servicequotas:ListServiceQuotas)", CloudSetup.Model);
        apis.AwsMayRead = true;
        apis.Set(("Anthropic Claude Y", 5, 5));
        await UntilAsync(server, now => now["alerts"]!.AsArray().Any(alert => alert!["cause"]!.GetValue<string>() == $"AWS Service Quotas tells nothing of {CloudSetup.Model}"), CloudSetup.Model);
        await over.CancelAsync();

        Assert.All(await calls, status => Assert.Equal(200, status));
        Assert.Equal(12_000, Meter(await StatusAsync(server, CloudSetup.Model), "requests", 60, CloudSetup.Model).Read);
    }

    [Fact]
    public async Task Quotas_OfBedrock_WithCredentialsThatAwsDoesNotKnow_StopNothing_AndAreTold()
    {
        await using var apis = await LimitApis.StartAsync(("Anthropic Claude X", 600, 120_000));
        using var folder = BedrockFolder(apis, "AKIATEST9999", "secret-of-the-tests-nobody-knows");
        await using var server = await folder.StartAsync();

        await UntilAsync(server, status => status["alerts"]!.AsArray().Count > 0, CloudSetup.Model);

        var fault = (await StatusAsync(server, CloudSetup.Model))["limitSources"]![0]!["fault"]!.GetValue<string>();
        Assert.Equal("400: the key is not taken (The security token included in the request is invalid.)", fault);
        Assert.DoesNotContain("secret-of-the-tests", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limit_ThatAPersonWrote_IsTheMost_AndWhatTheProviderAllowsLessIsGoneByAndTold()
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 500, 300_000));
        await using var behind = await DoubleAsync("openai", 60_000);
        using var folder = Folder("openai", behind, apis, """{ "rpm": 600, "tpm": 200000 }""");
        await using var server = await folder.StartAsync();

        await UntilAsync(server, status => status["alerts"]!.AsArray().Count > 0);
        var status = await StatusAsync(server);

        Assert.Equal((600, 500), (Meter(status, "requests", 60).Typed, Meter(status, "requests", 60).Read));
        Assert.InRange(Meter(status, "requests", 60).Effective, 495, 500);
        Assert.InRange(Meter(status, "tokens", 60).Effective, 198_000, 200_000);
        var alert = Assert.Single(status["alerts"]!.AsArray())!;
        Assert.Equal("deployment:account-1/model-x", alert["budget"]!.GetValue<string>());
        Assert.Equal("requests in 60 s: 600 written, 500 told by the provider's API", alert["cause"]!.GetValue<string>());
        Assert.Equal("normal", status["pressure"]!.GetValue<string>());

        apis.Set(("model-of-others", 5, 5));
        await UntilAsync(server, status => Meter(status, "requests", 60).Read is null);
        await UntilAsync(server, status => status["alerts"]!.AsArray() is [{ } told] && told["cause"]!.GetValue<string>().Contains("tells it no more", StringComparison.Ordinal));
        Assert.InRange(Meter(await StatusAsync(server), "requests", 60).Effective, 594, 600);
        apis.Set(("model-x", 700, 300_000));
        await UntilAsync(server, status => Meter(status, "requests", 60).Read == 700 && status["alerts"]!.AsArray().Count == 0);
    }

    [Theory]
    [InlineData("openai", "no-such-key", "401: the key is not taken (Incorrect API key provided.)")]
    [InlineData("openai", LimitApis.MemberKey, "403: the key has no right to read limits (You have insufficient permissions for this operation.)")]
    [InlineData("anthropic", "no-such-key", "401: the key is not taken (Incorrect API key provided.)")]
    [InlineData("anthropic", LimitApis.MemberKey, "403: the key has no right to read limits (You have insufficient permissions for this operation.)")]
    [InlineData("azure-openai", "", "403: the key has no right to read limits (AuthorizationFailed: the client does not have authorization.)")]
    public async Task Source_ThatRefuses_StopsNothing_AndIsTold(string provider, string key, string fault)
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 600, 120_000));
        apis.AzureMayRead = false;
        await using var behind = await DoubleAsync(provider, 60_000);
        using var folder = Folder(provider, behind, apis, "\"auto\"").With("ADMIN_KEY", key.Length > 0 ? key : "unused");
        await using var server = await folder.StartAsync();

        await UntilAsync(server, status => status["alerts"]!.AsArray().Count > 0);
        var status = await StatusAsync(server);
        var answer = await server.Client.PostAsync(PathOf(provider), Chat.Replace("MODEL", "model-x", StringComparison.Ordinal));

        Assert.Equal(fault, status["limitSources"]![0]!["fault"]!.GetValue<string>());
        Assert.EndsWith($"can't be read: {fault}", status["alerts"]![0]!["cause"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain(key.Length > 0 ? key : LimitApis.AdminKey, server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_ThatFailsForAWhile_LeavesWhatWasRead_AlsoAcrossAKill()
    {
        await using var apis = await LimitApis.StartAsync(("model-x", 600, 120_000));
        await using var behind = await DoubleAsync("openai", 60_000);
        using var folder = Folder("openai", behind, apis, "\"auto\"");
        await using (var server = await folder.StartAsync())
        {
            // Kept with the budget's next checkpoint, which a call brings about.
            Assert.Equal(200, (await server.Client.PostAsync(PathOf("openai"), Chat.Replace("MODEL", "model-x", StringComparison.Ordinal))).Status);
            apis.IsDown = true;
            await UntilAsync(server, status => status["limitSources"]![0]!["fault"] is not null);
            Assert.Equal(600, Meter(await StatusAsync(server), "requests", 60).Read);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await server.KillAsync();
        }

        await using var next = await folder.StartAsync();
        Assert.Equal(600, Meter(await StatusAsync(next), "requests", 60).Read);
        apis.IsDown = false;
        await UntilAsync(next, status => status["limitSources"]![0]!["fault"] is null);
    }

    [Fact]
    public async Task Limits_OfNobodysWriting_WithoutAnApi_AreWhatTheFirstAnswersReport()
    {
        await using var behind = await ProviderDouble.StartAsync(new ProviderDoubleOptions
        {
            Deployments = [new DeploymentOptions(ProviderKey, "model-x") { Limits = [LimitOptions.Rpm(6_000), LimitOptions.Tpm(2_000_000)] }],
        });
        using var folder = new ServerFolder($$"""
            { "accounts": [{ "id": "account-1", "provider": "openai", "apiKey": "${PROVIDER_KEY}", "endpoint": "{{behind.BaseAddress}}",
                             "models": [{ "model": "model-x", "limits": "auto" }] }] }
            """).With("PROVIDER_KEY", ProviderKey);
        await using var server = await folder.StartAsync();
        Assert.InRange(Meter(await StatusAsync(server), "requests", 60).Effective, 1, 10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => server.Client.PostAsync(PathOf("openai"), Chat.Replace("MODEL", "model-x", StringComparison.Ordinal))));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        var status = await StatusAsync(server);
        Assert.Equal((6_000, 2_000_000), (Meter(status, "requests", 60).Reported, Meter(status, "tokens", 60).Reported));
        Assert.InRange(Meter(status, "requests", 60).Effective, 5_900, 6_000);
        Assert.Empty(status["alerts"]!.AsArray());
    }

    private static async Task<IReadOnlyList<int>> CallAsync(ServerProcess server, string provider, CancellationToken over, string model = "model-x")
    {
        var statuses = new List<int>();
        while (!over.IsCancellationRequested)
        {
            statuses.Add((await server.Client.PostAsync(PathOf(provider), Chat.Replace("MODEL", model, StringComparison.Ordinal))).Status);
        }

        return statuses;
    }

    private static async Task UntilAsync(ServerProcess server, Func<JsonNode, bool> condition, string model = "model-x")
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        JsonNode status;
        while (!condition(status = await StatusAsync(server, model)))
        {
            Assert.True(DateTime.UtcNow < end, $"It did not come about in time: {status}");
            await Task.Delay(100);
        }
    }

    private static async Task<JsonNode> StatusAsync(ServerProcess server, string model = "model-x")
    {
        var status = (await server.Client.FetchAsync("/status")).Json;
        Assert.Contains(status["budgets"]!.AsArray(), budget => budget!["name"]!.GetValue<string>() == $"deployment:account-1/{model}");
        return status;
    }

    private static Shown Meter(JsonNode status, string dimension, int window, string model = "model-x")
    {
        var budget = status["budgets"]!.AsArray().Single(budget => budget!["name"]!.GetValue<string>() == $"deployment:account-1/{model}")!;
        var meter = budget["meters"]!.AsArray().Single(meter => meter!["dimension"]!.GetValue<string>() == dimension && meter["windowSeconds"]!.GetValue<double>() == window)!;
        return new(
            (long?)meter["typed"], (long?)meter["read"], (long?)meter["reported"], meter["effective"]!.GetValue<double>());
    }

    private static string PathOf(string provider) => provider switch
    {
        "anthropic" => "/v1/messages",
        "azure-openai" => "/openai/deployments/model-x/chat/completions?api-version=2024-10-21",
        _ => "/v1/chat/completions",
    };

    private static Task<ProviderDouble> DoubleAsync(string provider, long rpm) => ProviderDouble.StartAsync(new ProviderDoubleOptions
    {
        TakesAnyKey = true,
        Deployments =
        [
            new DeploymentOptions(ProviderKey, "model-x")
            {
                Dialect = provider switch { "anthropic" => ProviderDialect.Anthropic, "azure-openai" => ProviderDialect.Azure, _ => ProviderDialect.OpenAI },
                Limits = [LimitOptions.Rpm(rpm)],
                TellsLimits = false,
            },
        ],
    });

    private static ServerFolder Folder(string provider, ProviderDouble behind, LimitApis apis, string limits, string model = "model-x", bool location = false)
    {
        var scope = provider switch
        {
            "openai" => """ "adminKey": "${ADMIN_KEY}", "project": "proj_1", """,
            "anthropic" => """ "adminKey": "${ADMIN_KEY}", "workspace": "wrkspc_1", """,
            "azure-openai" => $$""" "resource": "{{LimitApis.Resource}}", {{(location ? "\"location\": \"eastus\"," : "")}} """,
            _ => "",
        };
        var folder = new ServerFolder($$"""
            { "accounts": [{ "id": "account-1", "provider": "{{provider}}", "apiKey": "${PROVIDER_KEY}", "endpoint": "{{behind.BaseAddress}}",
                             "limitSource": { {{scope}} "endpoint": "{{apis.BaseAddress}}", "everySeconds": 1 },
                             "models": [{ "model": "{{model}}", "limits": {{limits}} }] }] }
            """).With("PROVIDER_KEY", ProviderKey).With("ADMIN_KEY", LimitApis.AdminKey);
        foreach (var (name, value) in apis.Identity)
        {
            folder.With(name, value);
        }

        return folder;
    }

    private static ServerFolder BedrockFolder(LimitApis apis, string key, string secret)
    {
        var folder = new ServerFolder($$"""
            { "accounts": [{ "id": "account-1", "provider": "bedrock", "region": "{{AmazonDouble.Region}}", "auth": "aws", "endpoint": "{{apis.BaseAddress}}",
                             "limitSource": { "endpoint": "{{apis.BaseAddress}}", "everySeconds": 1 }, "models": [{ "model": "{{CloudSetup.Model}}", "limits": "auto" }] }] }
            """);
        return folder.With("AWS_ACCESS_KEY_ID", key).With("AWS_SECRET_ACCESS_KEY", secret).With("AWS_EC2_METADATA_DISABLED", "true")
            .With("AWS_SHARED_CREDENTIALS_FILE", Path.Combine(folder.Root, "none")).With("AWS_CONFIG_FILE", Path.Combine(folder.Root, "none"));
    }

    private readonly record struct Shown(long? Typed, long? Read, long? Reported, double Effective);
}
