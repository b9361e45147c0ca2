using System.Globalization;
using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Usage;

/// <summary>A tenant's money for a day is a meter like others: reserved before a call, settled after it.</summary>
public sealed class MoneyBudgetTests : IAsyncDisposable
{
    private static readonly (string, string)[] FromAcme = [("x-api-key", Samples.AcmeKey)];

    private readonly VirtualTime _time = new();
    private EmbeddedLimiter? _limiter;
    private TestGateway? _gateway;

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    [Fact]
    public async Task Calls_GoOutUntilTheMoneyIsSpent_AndAgainAtMidnight()
    {
        // An answer costs (7 * 2 + 4 * 1 + 7 * 10) / 1,000,000 = 0.000088 dollars.
        await StartAsync(usdPerDay: 0.01m);

        var taken = 0;
        HttpStatusCode status;
        while ((status = await CallAsync()) == HttpStatusCode.OK && taken < 1_000)
        {
            taken++;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        var spent = _limiter!.Report().Budgets.Single(budget => budget.Name == "tenant:acme").Meters.Single().Used;
        Assert.Equal(taken * 88_000, spent);
        Assert.InRange(taken, 100, 113);
        _time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, await CallAsync());
    }

    [Fact]
    public async Task Refusal_SaysThatTheMoneyIsSpentAndWhenItIsBack()
    {
        await StartAsync(usdPerDay: 0.01m);
        _time.Advance(TimeSpan.FromHours(22));
        while (await CallAsync() == HttpStatusCode.OK)
        {
        }

        using var response = await PostAsync();
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var error = body.RootElement.GetProperty("error");

        Assert.Equal("money_budget_spent", error.GetProperty("code").GetString());
        Assert.Contains("back at midnight UTC", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("tenant:acme", error.GetProperty("message").GetString(), StringComparison.Ordinal);

        // Who comes back a little before midnight waits for it.
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(117), TimeSpan.FromMinutes(122));
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
    }

    [Fact]
    public async Task Call_DearerThanAWholeDaysMoney_IsToldSo()
    {
        await StartAsync(usdPerDay: 0.01m, price: new PriceConfiguration(2m, 1m, 100_000m));

        using var response = await PostAsync();
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("request_exceeds_money_budget", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_OfAProvider_CostsNothing()
    {
        await StartAsync(usdPerDay: 0.01m);
        _gateway!.Provider.AnswerWith(400, """{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}""");
        for (var call = 0; call < 200; call++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await CallAsync());
        }
    }

    private async Task StartAsync(decimal usdPerDay, PriceConfiguration? price = null)
    {
        var limit = new Limit(Dimension.Cost, (long)(usdPerDay * 1_000_000_000), TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay);
        _gateway = await TestGateway.StartAsync(
            provider =>
            {
                var keyed = Samples.Keyed(provider);
                var account = keyed.Accounts[0];
                return keyed with
                {
                    Accounts = [account with { Models = [account.Models[0] with { Price = price ?? account.Models[0].Price }] }, .. keyed.Accounts.Skip(1)],
                    Tenants = [keyed.Tenants[0] with { Limits = [limit] }],
                };
            },
            time: _time,
            realLimiter: configuration => _limiter = new(LimiterSpecs.From(configuration, isDurable: false), _time));
        _gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
    }

    private async Task<HttpStatusCode> CallAsync()
    {
        // Not all at one instant, as a crowd.
        _time.Advance(TimeSpan.FromSeconds(0.05));
        using var response = await PostAsync();
        return response.StatusCode;
    }

    private Task<HttpResponseMessage> PostAsync() => _gateway!.PostAsync(
        "/v1/chat/completions", Samples.Chat.Replace("\"Hi\"", $"\"Hi {Random.Shared.Next().ToString(CultureInfo.InvariantCulture)}\"", StringComparison.Ordinal), FromAcme);
}
