using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Which deployment serves a call: two large ones, a fallback and a smaller model, on the real limiter.</summary>
public class RoutingTests
{
    private const int Room = 10;
    private static readonly string LongPrompt = string.Concat(Enumerable.Range(0, 500).Select(number => $"Rule {number}. "));

    [Fact]
    public async Task SimpleWork_ByItsStep_GoesToTheSmallerModel()
    {
        await using var gateway = await StartAsync();

        Assert.Equal(("small/gpt-s", "diverted"), await AskAsync(gateway, ("X-Step", "classify-mail")));
        Assert.Equal(("east/gpt-l", "headroom"), await AskAsync(gateway, ("X-Step", "write")));
        Assert.Contains("\"gpt-s\"", gateway.Provider.Requests[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkThatMayBeDiverted_IsOnlyUnderPressure()
    {
        await using var gateway = await StartAsync();

        Assert.Equal(("east/gpt-l", "headroom"), await AskAsync(gateway, ("X-Workflow", "triage")));
        for (var call = 0; call < (2 * Room) - 3; call++)
        {
            await AskAsync(gateway);
        }

        Assert.Equal(("small/gpt-s", "diverted"), await AskAsync(gateway, ("X-Workflow", "triage")));
    }

    [Theory]
    [InlineData("small", "write", "small/gpt-s", "diverted")]
    [InlineData("Large", "classify", "east/gpt-l", "headroom")]
    [InlineData("any", "classify", "east/gpt-l", "headroom")]
    public async Task Tier_AsTheCallerSays_GoesBeforeTheRules(string tier, string step, string deployment, string reason)
    {
        await using var gateway = await StartAsync();

        Assert.Equal((deployment, reason), await AskAsync(gateway, ("X-Tier", tier), ("X-Step", step)));
        Assert.DoesNotContain("X-Tier", gateway.Provider.Requests[0].Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Tier_WhenItIsNoneThatThereIs_IsABadRequest()
    {
        await using var gateway = await StartAsync();

        var response = await gateway.PostAsync("/v1/chat/completions", Body("Hi"), ("X-Tier", "tiny"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("'small', 'any' or 'large'", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Prompts_ThatBeginAlike_StayWhereTheyAreCached()
    {
        await using var gateway = await StartAsync();

        var first = await AskAsync(gateway, Body(LongPrompt + "one"));
        await AskAsync(gateway);
        var second = await AskAsync(gateway, Body(LongPrompt + "two"));
        var third = await AskAsync(gateway, Body(LongPrompt + "three"));

        Assert.Equal(("east/gpt-l", "headroom"), first);
        Assert.Equal((first.Deployment, "affinity"), second);
        Assert.Equal((first.Deployment, "affinity"), third);
    }

    [Fact]
    public async Task Prompts_ThatAreShort_GoWhereTheHeadroomIs()
    {
        await using var gateway = await StartAsync();

        var served = new[] { await AskAsync(gateway), await AskAsync(gateway), await AskAsync(gateway) };

        Assert.Equal([("east/gpt-l", "headroom"), ("west/gpt-l", "headroom"), ("east/gpt-l", "headroom")], served);
    }

    [Fact]
    public async Task Tenant_WithAPolicy_IsServedWithinItOnly()
    {
        await using var gateway = await StartAsync(new TenantAllowance([], ["west"], []));

        var served = new HashSet<string>();
        for (var call = 0; call < 4; call++)
        {
            served.Add((await AskAsync(gateway, ("Authorization", $"Bearer {Samples.AcmeKey}"))).Deployment);
        }

        Assert.Equal(["west/gpt-l"], served);
    }

    [Fact]
    public async Task Tenant_ThatMayUseNoneOfARoute_IsToldSo()
    {
        await using var gateway = await StartAsync(new TenantAllowance([], [], ["other"]));

        var response = await gateway.PostAsync("/v1/chat/completions", Body("Hi"), ("Authorization", $"Bearer {Samples.AcmeKey}"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("model_not_allowed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }

    private static async Task<TestGateway> StartAsync(TenantAllowance? allow = null)
    {
        var gateway = await TestGateway.StartAsync(
            provider => Configuration(provider, allow),
            realLimiter: configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return gateway;
    }

    private static Task<(string Deployment, string Reason)> AskAsync(TestGateway gateway, params (string Name, string Value)[] headers) =>
        AskAsync(gateway, Body("Hi"), headers);

    private static async Task<(string Deployment, string Reason)> AskAsync(TestGateway gateway, string body, params (string Name, string Value)[] headers)
    {
        using var response = await gateway.PostAsync("/v1/chat/completions", body, headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response.Headers.GetValues("X-FuncLimiter-Deployment").Single(), response.Headers.GetValues("X-FuncLimiter-Reason").Single());
    }

    private static string Body(string prompt) =>
        $$"""{"model":"smart","messages":[{"role":"system","content":"{{prompt}}"},{"role":"user","content":"Hi"}],"max_tokens":5}""";

    private static GatewayConfiguration Configuration(Uri provider, TenantAllowance? allow) => new()
    {
        Accounts =
        [
            Account(provider, "east", "gpt-l"), Account(provider, "west", "gpt-l"), Account(provider, "spare", "gpt-l"),
            Account(provider, "small", "gpt-s"), Account(provider, "other", "gpt-o"),
        ],
        Routes =
        [
            new("smart", ["east/gpt-l", "west/gpt-l"], ["spare/gpt-l"])
            {
                Smaller = ["small/gpt-s"],
                Simple = [new(null, "classify*", null, Always: true), new("triage", null, 100, Always: false)],
            },
        ],
        Tenants = allow is null ? [] : [Samples.Keyed(provider).Tenants[0] with { Allow = allow }],
    };

    private static AccountConfiguration Account(Uri provider, string id, string model) => new(
        id, "openai", id, provider, Samples.AccountKey, [],
        [new ModelConfiguration(model, [new Limit(Dimension.Requests, Room, TimeSpan.FromMinutes(1), LimitAlgorithm.Sliding)], null)]);
}
