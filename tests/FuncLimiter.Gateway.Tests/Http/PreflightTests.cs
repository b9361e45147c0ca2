using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public sealed class PreflightTests
{
    [Fact]
    public async Task Preflight_OfARunThatALimitHoldsUp_NamesTheLimitAndTheTimeThatItTakes()
    {
        await using var gateway = await StartAsync();

        // 120 calls under 60 a minute, one of which goes out in each second.
        var told = await AskAsync(gateway, """{"steps":[{"model":"gpt-x","calls":120,"atOnce":120,"inputTokens":100,"outputTokens":20}],"deadlineSeconds":30}""");

        Assert.InRange(Of(told, "seconds", "low"), 60, 120);
        Assert.InRange(Of(told, "seconds", "high"), 115, 240);
        Assert.Equal(0, told.GetProperty("chanceOfDeadline").GetDouble());
        Assert.Equal(("deployment:openai-1/gpt-x", "requests", 60), (
            told.GetProperty("binding").GetProperty("budget").GetString(), told.GetProperty("binding").GetProperty("dimension").GetString(), told.GetProperty("binding").GetProperty("limit").GetInt32()));
        Assert.Equal(120 * 120, Of(told, "tokens", "likely"));
        Assert.Equal(120 * ((100 * 2) + (20 * 10)) / 1e6, Of(told, "costUsd", "likely"), 6);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Preflight_OfARunThatWaitsForAnswersOnly_NamesNoLimit()
    {
        await using var gateway = await StartAsync();

        var told = await AskAsync(gateway, """{"steps":[{"model":"gpt-x","inputTokens":100,"outputTokens":500},{"model":"gpt-x","inputTokens":100,"outputTokens":500}]}""");

        Assert.Equal(JsonValueKind.Null, told.GetProperty("binding").ValueKind);
        Assert.InRange(Of(told, "seconds", "likely"), 3, 40);
    }

    [Fact]
    public async Task Preflight_WhereARouteHasSmallerModels_TellsWhatTheyWouldChange()
    {
        await using var gateway = await StartAsync();

        var told = await AskAsync(gateway, """{"steps":[{"model":"sized","calls":120,"atOnce":120,"inputTokens":100,"outputTokens":20}]}""");

        var smaller = Assert.Single(told.GetProperty("instead").EnumerateArray());
        Assert.Equal("smaller", smaller.GetProperty("by").GetString());
        Assert.True(Of(smaller, "seconds", "high") < Of(told, "seconds", "low"));
        Assert.Equal(Of(told, "costUsd", "likely") / 10, Of(smaller, "costUsd", "likely"), 6);
    }

    [Fact]
    public async Task Preflight_WhereBudgetsBoundTheRun_TellsWhetherTheyAreEnough_AndBeginsNone()
    {
        await using var gateway = await StartAsync(new SpendCap(SpendSubject.Run, SpendPeriod.Run, new(50_000_000, SpendAmount.Unbounded, SpendAmount.Unbounded)) { Longest = TimeSpan.FromHours(1) });

        // A call costs 0.0004 USD.
        var (little, about, much) = (await EnoughAsync(10), await EnoughAsync(123), await EnoughAsync(1000));
        using var status = await gateway.GetAsync("/status");

        Assert.Equal(("yes", "perhaps", "no"), (little, about, much));
        Assert.DoesNotContain("run:default/r1", await status.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        async Task<string?> EnoughAsync(int calls)
        {
            var told = await AskAsync(gateway, $$"""{"steps":[{"model":"gpt-x","calls":{{calls}},"atOnce":10,"inputTokens":100,"outputTokens":20}]}""", ("X-Run", "r1"));
            var budget = Assert.Single(told.GetProperty("budgets").EnumerateArray());
            Assert.Equal("run:default/r1", budget.GetProperty("budget").GetString());
            return budget.GetProperty("isEnough").GetString();
        }
    }

    [Fact]
    public async Task Preflight_ThatHolds_LowersTheRunsBudgetOnce_AndRaisesNone()
    {
        await using var gateway = await StartAsync(new SpendCap(SpendSubject.Run, SpendPeriod.Run, new(1_000_000_000, SpendAmount.Unbounded, SpendAmount.Unbounded)));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        var first = (await AskAsync(gateway, Holding(10), ("X-Run", "r1"))).GetProperty("held");
        var again = (await AskAsync(gateway, Holding(1000), ("X-Run", "r1"))).GetProperty("held");
        var whole = (await AskAsync(gateway, Holding(10_000), ("X-Run", "r2"))).GetProperty("held");
        using var call = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Run", "r1"));

        // Ten calls of 0.0004 USD, and room for what is off.
        Assert.Equal("run:default/r1", first.GetProperty("budget").GetString());
        var usd = decimal.Parse(first.GetProperty("limit").GetString()!.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(usd, 0.004m, 0.008m);
        Assert.Equal(first.GetProperty("limit").GetString(), again.GetProperty("limit").GetString());
        Assert.StartsWith("1 USD", whole.GetProperty("limit").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        var left = decimal.Parse(call.Headers.GetValues("X-FuncLimiter-Run-Left").Single().Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(left, 0.003m, usd);
    }

    [Fact]
    public async Task Preflight_ThatHolds_WhereRunsHaveNoBudget_IsToldSo()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/preflight", Holding(1), ("X-Run", "r1"));

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("no_run_budget", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string Holding(int calls) => $$"""{"steps":[{"model":"gpt-x","calls":{{calls}},"atOnce":10,"inputTokens":100,"outputTokens":20}],"hold":true}""";

    [Theory]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1}],"hold":true}""", "hold")]
    [InlineData("""{}""", "steps")]
    [InlineData("""{"steps":[]}""", "steps")]
    [InlineData("""{"steps":[null]}""", "steps")]
    [InlineData("""{"steps":[{"model":"nobody","inputTokens":1}]}""", "steps[0].model")]
    [InlineData("""{"steps":[{"model":"gpt-x"}]}""", "steps[0].inputTokens")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1},{"model":"gpt-x","inputTokens":1,"calls":0}]}""", "steps[1].calls")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1,"calls":10000},{"model":"gpt-x","inputTokens":1}]}""", "steps")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1,"atOnce":0}]}""", "steps[0].atOnce")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1,"outputTokens":5,"maxOutputTokens":4}]}""", "steps[0].maxOutputTokens")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1}],"priority":"urgent"}""", "priority")]
    [InlineData("""{"steps":[{"model":"gpt-x","inputTokens":1}],"deadlineSeconds":0}""", "deadlineSeconds")]
    public async Task Preflight_ThatMakesNoSense_IsToldWhatIsWrong(string body, string parameter)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/preflight", body);

        Assert.InRange((int)response.StatusCode, 400, 404);
        Assert.Contains(parameter, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task<TestGateway> StartAsync(params SpendCap[] budgets) => TestGateway.StartAsync(
        provider => new GatewayConfiguration
        {
            Accounts =
            [
                new("openai-1", "openai", null, provider, Samples.AccountKey, [],
                [
                    new("gpt-x", [new Limit(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 1 }], new PriceConfiguration(2m, 1m, 10m)),
                    new("gpt-s", [], new PriceConfiguration(0.2m, 0.1m, 1m)),
                ]),
            ],
            Routes = [new("gpt-x", ["openai-1/gpt-x"], []), new("sized", ["openai-1/gpt-x"], []) { Smaller = ["openai-1/gpt-s"] }],
            Budgets = budgets,
        },
        realLimiter: configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System));

    private static async Task<JsonElement> AskAsync(TestGateway gateway, string body, params (string, string)[] headers)
    {
        using var response = await gateway.PostAsync("/preflight", body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static double Of(JsonElement told, string range, string end) => told.GetProperty(range).GetProperty(end).GetDouble();
}
