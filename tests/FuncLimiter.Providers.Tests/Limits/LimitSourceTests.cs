using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Providers.Tests.Limits;

/// <summary>What the pages of providers' APIs of limits say, in the forms that their documentation prints.</summary>
public class LimitSourceTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void OpenAI_TellsRequestsAndTokensOfEachModel_AndWhereThePagesGoOn()
    {
        var source = LimitSource.Of("openai", new("proj_abc"))!;

        var page = Read(source, """
            { "object": "list", "has_more": true, "first_id": "rl-ada", "last_id": "rl-ada",
              "data": [{ "object": "project.rate_limit", "id": "rl-ada", "model": "ada", "max_requests_per_1_minute": 600, "max_tokens_per_1_minute": 150000,
                         "max_requests_per_1_day": 10000, "max_images_per_1_minute": 10, "batch_1_day_max_input_tokens": 900000 }] }
            """);

        Assert.Equal(
            [new("ada", Dimension.Requests, Minute, 600), new("ada", Dimension.Tokens, Minute, 150_000), new("ada", Dimension.Requests, TimeSpan.FromDays(1), 10_000)],
            page!.Limits);
        Assert.Equal(["max_images_per_1_minute", "batch_1_day_max_input_tokens"], page.Unknown);
        Assert.Equal("/v1/organization/projects/proj_abc/rate_limits?limit=100&after=rl-ada", page.Next);
    }

    [Fact]
    public void Anthropic_TellsTheLimitsOfAGroup_OfEachOfItsModels_AndAWorkspacesOwnWhereTheyAreLess()
    {
        var source = LimitSource.Of("anthropic", new("wrkspc_1"))!;
        const string organization = """
            { "next_page": null, "data": [
              { "type": "rate_limit", "group_type": "model_group", "models": ["claude-x", "claude-x-20260101"],
                "limits": [{ "type": "requests_per_minute", "value": 4000 }, { "type": "input_tokens_per_minute", "value": 10000000 }, { "type": "output_tokens_per_minute", "value": 800000 }] },
              { "type": "rate_limit", "group_type": "batch", "models": null, "limits": [{ "type": "enqueued_batch_requests", "value": 500000 }] }] }
            """;
        const string workspace = """
            { "next_page": null, "data": [
              { "type": "workspace_rate_limit", "group_type": "model_group", "models": ["claude-x", "claude-x-20260101"],
                "limits": [{ "type": "requests_per_minute", "value": 1000, "org_limit": 4000 }, { "type": "input_tokens_per_minute", "value": 500000, "org_limit": 10000000 }] }] }
            """;

        var told = ReadLimits.Of([Read(source, organization)!, Read(source, workspace)!]);

        Assert.Equal(
            [new("claude-x-20260101", Dimension.Requests, Minute, 1000), new("claude-x-20260101", Dimension.InputTokens, Minute, 500_000), new("claude-x-20260101", Dimension.OutputTokens, Minute, 800_000)],
            told.Of("claude-x-20260101"));
        Assert.Equal(2, source.Questions.Count);
        Assert.Contains(new("x-api-key", "k"), source.Headers("k"));
    }

    [Fact]
    public void Azure_TellsRequestsByTenSeconds_AsAMinutes_AndItsNextPageWithoutItsHost()
    {
        var source = LimitSource.Of("azure-openai", new("/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"))!;

        var page = Read(source, """
            { "nextLink": "https://management.azure.com/x/deployments?api-version=2024-10-01&$skiptoken=2",
              "value": [{ "name": "gpt-prod", "properties": { "rateLimits": [{ "key": "request", "renewalPeriod": 10, "count": 60 }, { "key": "token", "renewalPeriod": 60, "count": 60000 },
                                                                             { "key": "image", "renewalPeriod": 60, "count": 3 }] } },
                        { "name": "ptu", "properties": { "rateLimits": null } }] }
            """);

        Assert.Equal([new("gpt-prod", Dimension.Requests, Minute, 360), new("gpt-prod", Dimension.Tokens, Minute, 60_000)], page!.Limits);
        Assert.Equal(["image in 60 s"], page.Unknown);
        Assert.Equal("/x/deployments?api-version=2024-10-01&$skiptoken=2", page.Next);
    }

    [Theory]
    [InlineData(true, 50)]
    [InlineData(false, 1000)]
    public void OpenRouter_LimitsFreeModels_AndNoOthers(bool isFreeTier, long perDay)
    {
        var page = Read(LimitSource.Of("openrouter", new(null))!, $$"""
            { "data": { "limit": 12.5, "limit_reset": "daily", "limit_remaining": 3, "is_free_tier": {{(isFreeTier ? "true" : "false")}}, "rate_limit": { "requests": 1, "interval": "10s" } } }
            """)!;
        var told = ReadLimits.Of([page]);

        Assert.Contains(new("*:free", Dimension.Requests, TimeSpan.FromDays(1), perDay), told.Of("meta/llama:free"));
        Assert.All(told.Of("openai/gpt-x").Where(limit => limit.Dimension == Dimension.Requests), limit => Assert.Null(limit.Amount));
        Assert.Contains(new("*", Dimension.Cost, TimeSpan.FromDays(1), 12_500_000_000), told.Of("openai/gpt-x"));
    }

    [Fact]
    public void Azure_WithALocation_ShowsTheQuotasThatDeploymentsWereGivenTheirsFrom_AndLimitsNothingByThem()
    {
        var source = LimitSource.Of("azure-openai", new("/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a") { Location = "eastus" })!;
        const string deployments = """
            { "value": [{ "name": "gpt-prod", "sku": { "name": "Standard", "capacity": 60 },
                          "properties": { "model": { "format": "OpenAI", "name": "gpt-4o", "version": "2024-08-06" }, "rateLimits": [{ "key": "token", "renewalPeriod": 60, "count": 60000 }] } }] }
            """;
        const string usages = """
            { "nextLink": "https://management.azure.com/next?x=1", "value": [
              { "name": { "value": "OpenAI.Standard.gpt-4o", "localizedValue": "Tokens Per Minute (thousands) - gpt-4o" }, "unit": "Count", "currentValue": 70.0, "limit": 240.0 },
              { "name": { "value": "OpenAI.Standard.gpt-4" }, "unit": "Count", "currentValue": 0, "limit": 40 }, { "name": { "value": "OpenAI.Standard.gpt-4o" } }, 7] }
            """;

        var told = ReadLimits.Of([Read(source, deployments)!, Read(source, usages, 1)!]);

        Assert.Equal("/subscriptions/s/providers/Microsoft.CognitiveServices/locations/eastus/usages?api-version=2024-10-01", source.Questions[1]);
        Assert.Equal("/next?x=1", Read(source, usages, 1)!.Next);
        Assert.Equal([new("gpt-prod", Dimension.Tokens, Minute, 60_000)], told.Limits);
        var quota = Assert.Single(told.Quotas);
        Assert.Equal(("OpenAI.Standard.gpt-4o", 70L, 240L, "gpt-prod: 60"), (quota.Name, quota.Given, quota.Amount, Assert.Single(quota.Deployments)));
        Assert.Equal([false, true], source.Questions.Select(source.IsBeside));
    }

    [Fact]
    public void Bedrock_AsksByPages_AndTellsEachKindOfQuotaOfTheAccountsModels()
    {
        var source = Bedrock(false, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0");

        var page = Read(source, """
            { "NextToken": "abc/1==", "Quotas": [
              { "ServiceCode": "bedrock", "QuotaName": "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1", "Value": 200000.0, "GlobalQuota": false },
              { "QuotaName": "Cross-Region InvokeModel requests per minute for Anthropic Claude Sonnet 4.5 V1", "Value": 50.0 },
              { "QuotaName": "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1", "Value": 7.0 },
              { "QuotaName": "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length", "Value": 8.0 },
              { "QuotaName": "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1 (doubled for cross-region calls)", "Value": 144000000.0 },
              { "QuotaName": "On-demand InvokeModel tokens per minute for Anthropic Claude 3.5 Sonnet", "Value": 400000.0 },
              { "QuotaName": "On-demand InvokeModel tokens per minute for Anthropic Claude 3.5 Sonnet V2", "Value": 9.0 },
              { "QuotaName": "Records per batch inference job for Claude 3.5 Sonnet", "Value": 50000.0 },
              { "QuotaName": "(Knowledge Bases) Ingestion job size", "Value": 100.0 }, { "QuotaName": 5 }, 7] }
            """)!;

        Assert.Equal(
            [
                new("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Dimension.Tokens, Minute, 200_000),
                new("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Dimension.Requests, Minute, 50),
                new("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Dimension.Tokens, TimeSpan.FromDays(1), 288_000_000),
                new("anthropic.claude-3-5-sonnet-20240620-v1:0", Dimension.Tokens, Minute, 400_000),
            ],
            page.Limits);
        Assert.Equal(["Records per batch inference job for Claude 3.5 Sonnet"], page.Unknown);
        Assert.Equal(("/", """{"ServiceCode":"bedrock","MaxResults":100,"NextToken":"abc/1=="}"""), (source.Ask(page.Next!).Path, source.Ask(page.Next!).Body));
        Assert.Equal(new AwsAccess("servicequotas", "eu-central-1", ProviderIdentity.Own), source.Credential);
    }

    [Theory]
    [InlineData("meta.llama3-1-70b-instruct-v1:0", "On-demand model inference tokens per minute for Meta Llama 3.1 70B Instruct", true)]
    [InlineData("meta.llama3-70b-instruct-v1:0", "On-demand model inference tokens per minute for Meta Llama 3.1 70B Instruct", false)]
    [InlineData("openai.gpt-oss-120b-1:0", "On-demand model inference tokens per minute for OpenAI GPT OSS 120B", true)]
    [InlineData("openai.gpt-oss-20b-1:0", "On-demand model inference tokens per minute for OpenAI GPT OSS 120B", false)]
    [InlineData("amazon.titan-embed-text-v2:0", "On-demand model inference tokens per minute for Amazon Titan Text Embeddings V2", true)]
    [InlineData("amazon.nova-pro-v1:0", "On-demand model inference tokens per minute for Amazon Nova Pro", true)]
    [InlineData("eu.amazon.nova-pro-v1:0", "On-demand model inference tokens per minute for Amazon Nova Pro", false)]
    [InlineData("anthropic.claude-opus-4-1-20250805-v1:0", "On-demand model inference tokens per minute for Anthropic Claude Opus 4 V1", false)]
    [InlineData("cohere.command-r-plus-v1:0", "On-demand model inference tokens per minute for Cohere Command R", false)]
    [InlineData("cohere.command-r-plus-v1:0", "On-demand model inference tokens per minute for Cohere Command R Plus", true)]
    [InlineData("qwen.qwen3-235b-a22b-2507-v1:0", "On-demand model inference tokens per minute for Qwen3 235B", true)]
    [InlineData("global.anthropic.claude-opus-4-6-v1", "Global cross-region model inference tokens per minute for Anthropic Claude Opus 4.6 V1", true)]
    [InlineData("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5", "Cross-region model inference tokens per minute for Anthropic Claude Opus 5", true)]
    [InlineData("arn:aws:bedrock:us-east-1:1:application-inference-profile/x1", "Cross-region model inference tokens per minute for Anthropic Claude Opus 5", false)]
    public void Bedrock_TakesAQuotaForAModel_WhereEachWordNumberAndVersionAgrees(string model, string quota, bool isItsOwn) =>
        Assert.Equal(isItsOwn, Read(Bedrock(false, model), $$"""{ "Quotas": [{ "QuotaName": "{{quota}}", "Value": 10.0 }] }""")!.Limits.Count == 1);

    [Fact]
    public void Bedrock_AtMantle_GoesByItsOwnQuotas()
    {
        var page = Read(Bedrock(true, "openai.gpt-oss-120b"), """
            { "Quotas": [{ "QuotaName": "Bedrock Mantle input tokens per minute for OpenAI GPT OSS 120B", "Value": 20.0 }, { "QuotaName": "Bedrock Mantle output tokens per minute for OpenAI GPT OSS 120B", "Value": 5.0 },
                         { "QuotaName": "On-demand InvokeModel tokens per minute for OpenAI GPT OSS 120B", "Value": 9.0 }] }
            """)!;

        Assert.Equal([new("openai.gpt-oss-120b", Dimension.InputTokens, Minute, 20), new("openai.gpt-oss-120b", Dimension.OutputTokens, Minute, 5)], page.Limits);
    }

    [Theory]
    [InlineData(400, "AccessDeniedException", "400: the key has no right to read limits (no)")]
    [InlineData(400, "com.amazon.coral.service#UnrecognizedClientException", "400: the key is not taken (no)")]
    [InlineData(400, "TooManyRequestsException", "400: it was asked too often (no)")]
    [InlineData(400, "IllegalArgumentException", "400: it was refused (no)")]
    public void Refusals_OfAws_AreToldByTheirType(int status, string type, string said)
    {
        using var body = JsonDocument.Parse($$"""{ "__type": "{{type}}", "Message": "no" }""");
        Assert.Equal(said, LimitSource.Fault(status, body.RootElement));
    }

    [Theory]
    [InlineData("""{ "data": 5, "value": {}, "Quotas": "x" }""")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("""{ "object": "error" }""")]
    public void Bodies_ThatAreSomethingElse_AreNoPage(string body) =>
        Assert.All(LimitSource.Providers, provider => Assert.Null(Read(LimitSource.Of(provider, new("x") { Models = ["m"] })!, body)));

    [Theory]
    [InlineData("""{ "data": [{ "model": "m", "max_tokens_per_1_minute": -5, "max_requests_per_1_minute": "many" }, 7, null] }""")]
    [InlineData("""{ "Quotas": [{ "QuotaName": "On-demand model inference tokens per minute for M", "Value": -1 }, { "QuotaName": "On-demand model inference requests per minute for M", "Value": 1e300 }] }""")]
    [InlineData("""{ "data": [{ "models": ["m"], "limits": [{ "type": "requests_per_minute", "value": -7 }, 5] }, "x"] }""")]
    [InlineData("""{ "value": [{ "name": "m", "properties": { "rateLimits": [{ "key": "token", "renewalPeriod": 0, "count": 5 }, { "key": "request", "renewalPeriod": 10, "count": 1e300 }] } }, 3] }""")]
    public void Amounts_ThatMakeNoSense_AreNoLimits(string body) =>
        Assert.All(LimitSource.Providers, provider => Assert.Empty(Read(LimitSource.Of(provider, new("x") { Models = ["m"] })!, body)?.Limits ?? []));

    [Theory]
    [InlineData("openai", """{ "data": [{ "model": "m", "max_requests_per_1_minute": -1 }] }""")]
    [InlineData("anthropic", """{ "data": [{ "models": ["m"], "limits": [{ "type": "requests_per_minute", "value": -1 }] }] }""")]
    [InlineData("azure-openai", """{ "value": [{ "name": "m", "properties": { "rateLimits": [{ "key": "request", "renewalPeriod": 10, "count": -1 }] } }] }""")]
    public void AmountOfMinusOne_TellsThatThereIsNoLimit(string provider, string body) =>
        Assert.Equal([new("m", Dimension.Requests, Minute, null)], Read(LimitSource.Of(provider, new("x"))!, body)!.Limits);

    private static LimitSource Bedrock(bool isMantle, params string[] models) =>
        LimitSource.Of("bedrock", new(null) { Region = "eu-central-1", IsMantle = isMantle, Models = models })!;

    private static LimitPage? Read(LimitSource source, string body, int question = 0)
    {
        using var document = JsonDocument.Parse(body);
        return source.Read(document.RootElement, source.Questions[question]);
    }
}
