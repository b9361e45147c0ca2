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
        var source = LimitSource.Of("openai", "proj_abc")!;

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
        var source = LimitSource.Of("anthropic", "wrkspc_1")!;
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
        var source = LimitSource.Of("azure-openai", "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a")!;

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
        var page = Read(LimitSource.Of("openrouter", null)!, $$"""
            { "data": { "limit": 12.5, "limit_reset": "daily", "limit_remaining": 3, "is_free_tier": {{(isFreeTier ? "true" : "false")}}, "rate_limit": { "requests": 1, "interval": "10s" } } }
            """)!;
        var told = ReadLimits.Of([page]);

        Assert.Contains(new("*:free", Dimension.Requests, TimeSpan.FromDays(1), perDay), told.Of("meta/llama:free"));
        Assert.All(told.Of("openai/gpt-x").Where(limit => limit.Dimension == Dimension.Requests), limit => Assert.Null(limit.Amount));
        Assert.Contains(new("*", Dimension.Cost, TimeSpan.FromDays(1), 12_500_000_000), told.Of("openai/gpt-x"));
    }

    [Theory]
    [InlineData("""{ "data": 5, "value": {} }""")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("""{ "object": "error" }""")]
    public void Bodies_ThatAreSomethingElse_AreNoPage(string body) =>
        Assert.All(LimitSource.Providers, provider => Assert.Null(Read(LimitSource.Of(provider, "x")!, body)));

    [Theory]
    [InlineData("""{ "data": [{ "model": "m", "max_tokens_per_1_minute": -5, "max_requests_per_1_minute": "many" }, 7, null] }""")]
    [InlineData("""{ "data": [{ "models": ["m"], "limits": [{ "type": "requests_per_minute", "value": -1 }, 5] }, "x"] }""")]
    [InlineData("""{ "value": [{ "name": "m", "properties": { "rateLimits": [{ "key": "token", "renewalPeriod": 0, "count": 5 }, { "key": "request", "renewalPeriod": 10, "count": 1e300 }] } }, 3] }""")]
    public void Amounts_ThatMakeNoSense_AreNoLimits(string body) =>
        Assert.All(LimitSource.Providers, provider => Assert.Empty(Read(LimitSource.Of(provider, "x")!, body)?.Limits ?? []));

    private static LimitPage? Read(LimitSource source, string body)
    {
        using var document = JsonDocument.Parse(body);
        return source.Read(document.RootElement, source.Questions[0]);
    }
}
