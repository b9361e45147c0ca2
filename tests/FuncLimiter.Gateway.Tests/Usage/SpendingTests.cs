using System.Globalization;
using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Usage;

/// <summary>Spending budgets over HTTP: what a call can come to is held before it goes out, and what it came to is counted after it.</summary>
public sealed class SpendingTests : IAsyncDisposable
{
    // An answer costs (7 * 2 + 4 * 1 + 7 * 10) / 1,000,000 = 0.000088 dollars; max_tokens 50 makes it at most 0.0005 and the prompt.
    private const decimal AnswerUsd = 0.000088m;
    private static readonly (string, string) FromAcme = ("x-api-key", Samples.AcmeKey);
    private static readonly (string, string) InRun = ("X-Run", "r1");
    private static readonly (string, string) Closing = ("X-Run-Closing", "true");

    private readonly VirtualTime _time = new();
    private TestGateway? _gateway;

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    [Fact]
    public async Task FiftyParallelSteps_OfARunOfOneDollar_StayWithinIt()
    {
        // An answer costs (7 * 2 + 4 * 1 + 7 * 1000) / 1,000,000 = 0.007018 dollars, and may come to 0.05.
        await StartAsync([Run(usd: 1)], outputPrice: 1000);
        var answered = 0;
        var closing = HttpStatusCode.OK;

        async Task StepAsync()
        {
            for (var call = 0; call < 20; call++)
            {
                using var response = await PostAsync(InRun);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    closing = response.StatusCode;
                    return;
                }

                Interlocked.Increment(ref answered);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => StepAsync()));

        Assert.Equal(HttpStatusCode.TooManyRequests, closing);
        Assert.True(answered * 0.007018m <= 1, $"{answered} answered");

        // All but the room of one call that could come to its whole max_tokens.
        Assert.True(answered * 0.007018m > 0.9m, $"{answered} answered");
    }

    [Fact]
    public async Task Refusal_NamesTheRunsBudgetAndWhatIsLeft()
    {
        await StartAsync([Run(calls: 2)]);
        await OkAsync(InRun);
        using var last = await PostAsync(InRun);

        using var refused = await PostAsync(InRun);

        Assert.Equal("calls=0", last.Headers.GetValues("X-FuncLimiter-Run-Left").Single());
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("false", refused.Headers.GetValues("x-should-retry").Single());
        Assert.Equal("calls=0", refused.Headers.GetValues("X-FuncLimiter-Run-Left").Single());
        var error = await ErrorOf(refused);
        Assert.Equal("run_budget_spent", error.GetProperty("code").GetString());
        Assert.Contains("run:acme/r1 has 0 calls left", error.GetProperty("message").GetString(), StringComparison.Ordinal);

        // Another run has a budget of its own.
        await OkAsync(("X-Run", "r2"));
    }

    [Fact]
    public async Task Header_TellsWhatTheRunHasLeftOnceTheCallIsPaidFor()
    {
        await StartAsync([Run(usd: 0.01m)]);

        using var response = await PostAsync(InRun);

        var left = response.Headers.GetValues("X-FuncLimiter-Run-Left").Single();
        Assert.Equal(Usd(0.01m - AnswerUsd), left);
    }

    [Fact]
    public async Task ClosingCall_HasWhatIsKeptForIt()
    {
        await StartAsync([Run(calls: 10, kept: 0.1)]);
        for (var call = 0; call < 9; call++)
        {
            await OkAsync(InRun);
        }

        using var refused = await PostAsync(InRun);
        var told = await ErrorOf(refused);
        using var closing = await PostAsync(InRun, Closing);
        using var after = await PostAsync(InRun, Closing);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Contains("'X-Run-Closing: true'", told.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, closing.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, after.StatusCode);
    }

    [Fact]
    public async Task ClosingCall_WithoutARun_IsToldWhatIsWrong()
    {
        await StartAsync([Run(calls: 10)]);

        using var response = await PostAsync(Closing);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("invalid_run_closing", (await ErrorOf(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Run_ThatLastedTooLong_IsToldThatItsTimeIsOver()
    {
        await StartAsync([new SpendCap(SpendSubject.Run, SpendPeriod.Run, Amount()) { Longest = TimeSpan.FromMinutes(10) }]);
        using var first = await PostAsync(InRun);
        _time.Advance(TimeSpan.FromMinutes(11));

        using var late = await PostAsync(InRun);

        Assert.Equal("seconds=600", first.Headers.GetValues("X-FuncLimiter-Run-Left").Single());
        Assert.Contains("time is over", (await ErrorOf(late)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RaiseByAnOperator_LetsARunGoOnThatWaits()
    {
        await StartAsync([Run(calls: 1) with { WaitsForRaise = TimeSpan.FromMinutes(5) }]);
        await OkAsync(InRun);
        var waiting = PostAsync(InRun, ("Prefer", "wait=60"));
        for (var look = 0; look < 20; look++)
        {
            Assert.False(waiting.IsCompleted);
            await Task.Delay(10);
        }

        using var raised = await _gateway!.PostAsync("/admin/budgets", """{"budget":"run:acme/r1","calls":1,"reason":"nearly done"}""", Admin);
        using var answered = await waiting;

        Assert.Equal(HttpStatusCode.OK, raised.StatusCode);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        using var audit = JsonDocument.Parse(await (await _gateway.GetAsync("/admin/audit", Admin)).Content.ReadAsStringAsync());
        Assert.Equal("raise", audit.RootElement[0].GetProperty("change").GetProperty("action").GetString());
    }

    [Theory]
    [InlineData("""{"budget":"run:acme/none","calls":1}""", HttpStatusCode.NotFound, "nothing_to_change")]
    [InlineData("""{"calls":1}""", HttpStatusCode.BadRequest, "invalid_value")]
    [InlineData("""{"budget":"run:acme/r1"}""", HttpStatusCode.BadRequest, "invalid_value")]
    [InlineData("""{"budget":"run:acme/r1","usd":-1}""", HttpStatusCode.BadRequest, "invalid_value")]
    public async Task Raise_ThatMakesNoSense_IsRefused(string body, HttpStatusCode status, string code)
    {
        await StartAsync([Run(calls: 1)]);
        await OkAsync(InRun);

        using var response = await _gateway!.PostAsync("/admin/budgets", body, Admin);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code, (await ErrorOf(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task MonthOfATenant_RefusesUntilTheNext_AndTellsWhen()
    {
        // An hour before the month ends, since every timer of the hours to come fires.
        var begun = _time.GetUtcNow();
        _time.Advance(new DateTimeOffset(begun.Year, begun.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddHours(-1) - begun);
        await StartAsync([new SpendCap(SpendSubject.Tenant, SpendPeriod.Month, Amount(calls: 1))]);
        await OkAsync();

        using var refused = await PostAsync();

        Assert.Equal("budget_spent", (await ErrorOf(refused)).GetProperty("code").GetString());
        var now = _time.GetUtcNow();
        var next = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, next - now - TimeSpan.FromSeconds(1), next - now + TimeSpan.FromSeconds(2));
        _time.Advance(next - now + TimeSpan.FromSeconds(1));
        await OkAsync();
    }

    [Fact]
    public async Task SoftBudget_WarnsAndLetsThrough()
    {
        await StartAsync([new SpendCap(SpendSubject.Tenant, SpendPeriod.Day, Amount(calls: 1)) { IsSoft = true }]);
        await OkAsync();

        using var warned = await PostAsync();

        Assert.Equal(HttpStatusCode.OK, warned.StatusCode);
        Assert.Equal("warn:day:tenant:acme", warned.Headers.GetValues("X-FuncLimiter-Budget-Warning").Single());
    }

    [Fact]
    public async Task SoftBudget_ThatIsUsedUp_RaisesAnAlertUntilItIsGivenMoreOrItsPeriodEnds()
    {
        await StartAsync([new SpendCap(SpendSubject.Tenant, SpendPeriod.Day, Amount(calls: 2)) { IsSoft = true }]);
        await OkAsync();
        Assert.Empty(await AlertsAsync());

        await OkAsync();
        var alert = Assert.Single(await AlertsAsync());
        using var raised = await _gateway!.PostAsync("/admin/budgets", """{"budget":"warn:day:tenant:acme","calls":1,"reason":"one more"}""", Admin);
        Assert.Equal(HttpStatusCode.OK, raised.StatusCode);
        Assert.Empty(await AlertsAsync());
        await OkAsync();
        Assert.Single(await AlertsAsync());
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Empty(await AlertsAsync());
        Assert.Equal(("warn:day:tenant:acme", "warn", "2 calls of 2 are spent"), (
            alert.GetProperty("budget").GetString(), alert.GetProperty("level").GetString(), alert.GetProperty("cause").GetString()));

        // Others' budgets are no concern of a tenant's.
        using var other = JsonDocument.Parse(await (await _gateway.GetAsync("/status", ("x-api-key", "fl-globex-key"))).Content.ReadAsStringAsync());
        Assert.Empty(other.RootElement.GetProperty("alerts").EnumerateArray());
    }

    // As it is told once the limiter was looked at: every second.
    private async Task<JsonElement[]> AlertsAsync()
    {
        _gateway!.Look();
        using var status = JsonDocument.Parse(await (await _gateway.GetAsync("/status", FromAcme)).Content.ReadAsStringAsync());
        return [.. status.RootElement.GetProperty("alerts").EnumerateArray().Select(alert => alert.Clone())];
    }

    [Fact]
    public async Task AccountThatHasSpentItsBudget_IsPassedBy()
    {
        await StartAsync([new SpendCap(SpendSubject.Account, SpendPeriod.Day, Amount(calls: 2)) { Name = "openai-1" }]);
        var served = new List<string>();
        for (var call = 0; call < 4; call++)
        {
            using var response = await PostAsync("smart", []);
            served.Add(response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        }

        using var nowhere = await PostAsync("gpt-x", []);

        Assert.Equal(["openai-1/gpt-x", "openai-1/gpt-x", "openai-2/gpt-y", "openai-2/gpt-y"], served);
        Assert.Contains("day:account:openai-1", (await ErrorOf(nowhere)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RejectionByAProvider_CostsNoMoney()
    {
        await StartAsync([Run(usd: 0.01m)]);
        _gateway!.Provider.AnswerWith(400, """{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}""");
        using (await PostAsync(InRun))
        {
        }

        _gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        using var response = await PostAsync(InRun);

        Assert.Equal(Usd(0.01m - AnswerUsd), response.Headers.GetValues("X-FuncLimiter-Run-Left").Single());
    }

    [Fact]
    public async Task Status_ShowsATenantItsOwnBudgetsOnly()
    {
        await StartAsync([Run(calls: 5)]);
        await OkAsync(InRun);
        using var other = await _gateway!.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", "fl-globex-key"), ("X-Run", "secret"));

        using var status = JsonDocument.Parse(await (await _gateway.GetAsync("/status", FromAcme)).Content.ReadAsStringAsync());
        using var all = JsonDocument.Parse(await (await _gateway.GetAsync("/admin/budgets", Admin)).Content.ReadAsStringAsync());

        var own = Assert.Single(status.RootElement.GetProperty("spending").EnumerateArray());
        Assert.Equal("run:acme/r1", own.GetProperty("name").GetString());
        Assert.Equal(4, own.GetProperty("left").GetProperty("calls").GetInt64());
        Assert.Equal(["run:acme/r1", "run:globex/secret"], all.RootElement.EnumerateArray().Select(budget => budget.GetProperty("name").GetString()).Order());
    }

    private static readonly (string, string) Admin = ("Authorization", "Bearer fl-admin-key");

    private static string Usd(decimal left) => string.Create(CultureInfo.InvariantCulture, $"usd={left:0.#########}");

    private static SpendAmount Amount(decimal? usd = null, long? calls = null) =>
        new(usd is { } money ? (long)(money * SpendAmount.NanoPerUsd) : SpendAmount.Unbounded, SpendAmount.Unbounded, calls ?? SpendAmount.Unbounded);

    private static SpendCap Run(decimal? usd = null, long? calls = null, double kept = 0) =>
        new(SpendSubject.Run, SpendPeriod.Run, Amount(usd, calls)) { KeptForClosing = kept };

    private static async Task<JsonElement> ErrorOf(HttpResponseMessage response)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("error").Clone();
    }

    private async Task StartAsync(IReadOnlyList<SpendCap> budgets, decimal outputPrice = 10)
    {
        _gateway = await TestGateway.StartAsync(
            provider =>
            {
                var keyed = Samples.Keyed(provider);
                var account = keyed.Accounts[0];
                return keyed with
                {
                    Accounts = [account with { Models = [account.Models[0] with { Price = account.Models[0].Price! with { Output = outputPrice } }] }, .. keyed.Accounts.Skip(1)],
                    Budgets = budgets,
                    Admin = new() { Keys = [Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("fl-admin-key"u8))] },
                };
            },
            time: _time,
            realLimiter: configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), _time));
        _gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
    }

    private async Task OkAsync(params (string, string)[] headers)
    {
        using var response = await PostAsync(headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(params (string, string)[] headers) => PostAsync("gpt-x", headers);

    private Task<HttpResponseMessage> PostAsync(string model, (string, string)[] headers) => _gateway!.PostAsync(
        "/v1/chat/completions", Samples.Chat.Replace("gpt-x", model, StringComparison.Ordinal).Replace("\"Hi\"", $"\"Hi {Random.Shared.Next().ToString(CultureInfo.InvariantCulture)}\"", StringComparison.Ordinal), [FromAcme, .. headers]);
}
