using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Nothing that one caller sends or reports changes what another gets.</summary>
public class HarmlessCallerTests
{
    private static readonly (string, string) Acme = ("x-api-key", Samples.AcmeKey);
    private static readonly (string, string) Globex = ("x-api-key", "fl-globex-key");

    private static readonly Limit[] Limits =
    [
        new(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket),
        new(Dimension.Tokens, 10_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket),
    ];

    public static TheoryData<string> Poisons => new()
    {
        """{"status":429,"headers":{"Retry-After":"3600"}}""",
        """{"status":429,"headers":{"retry-after-ms":"3600000"}}""",
        """{"status":503,"headers":{"Retry-After":"3600"}}""",
        """{"status":529}""",
        """{"status":401}""",
        """{"status":402}""",
        """{"status":500}""",
        """{"status":200,"headers":{"x-ratelimit-limit-requests":"1","x-ratelimit-remaining-requests":"0","x-ratelimit-reset-requests":"1h"}}""",
        """{"status":200,"headers":{"x-ratelimit-limit-tokens":"1","x-ratelimit-remaining-tokens":"0"}}""",
        """{"status":429,"body":{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","code":"insufficient_quota"}}}""",
        """{"status":200,"usage":{"inputTokens":10000000,"outputTokens":10000000}}""",
        """{"status":500,"usage":{"inputTokens":10000000,"outputTokens":0}}""",
        """{"status":200,"body":{"usage":{"prompt_tokens":900000000000,"completion_tokens":5}}}""",
        """{"status":200,"body":{"usage":{"prompt_tokens":-900000,"completion_tokens":-5}}}""",
        """{"status":200,"headers":{"X-A":"1","x-a":"2","Retry-After":"9","retry-after":"9"}}""",
        """{"status":0}""",
    };

    [Theory]
    [MemberData(nameof(Poisons))]
    public async Task Settlement_OfAnUntrustedTenant_ChangesNothingForOthers(string poison)
    {
        var time = new VirtualTime();
        var (gateway, limiter) = await StartAsync(Limited, time);
        await using var _ = gateway;
        for (var i = 0; i < 5; i++)
        {
            var id = await ReserveAsync(gateway, Globex);
            using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", poison, Globex);
            Assert.Equal(HttpStatusCode.OK, settled.StatusCode);
        }

        var budgets = BudgetsOfProvider(limiter);
        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Acme, ("Prefer", "wait=0"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.All(budgets, budget => Assert.Equal(Instant.Distant, budget.CooldownUntil));
        Assert.All(budgets.SelectMany(budget => budget.Meters), meter =>
        {
            Assert.Equal(meter.Configured, meter.Effective);

            // Five reservations of 1 request and 30 tokens: no more was ever taken.
            Assert.InRange(meter.Used, 0, meter.Dimension == Dimension.Requests ? 5 : 150);
        });
        Assert.Equal(0, limiter.Report().RateLimited);
    }

    [Theory]
    [InlineData("""{"status":429,"headers":{"Retry-After":"3600"}}""")]
    [InlineData("""{"status":429,"headers":{"Retry-After":"7200"},"body":{"error":{"message":"x","type":"insufficient_quota","code":"insufficient_quota"}}}""")]
    [InlineData("""{"status":200,"headers":{"x-ratelimit-limit-requests":"1","x-ratelimit-remaining-requests":"0"}}""")]
    public async Task Settlement_OfATrustedTenant_IsBelievedForAMinute_AndNeverAgainstTheProvidersOwnAnswers(string report)
    {
        var time = new VirtualTime();
        var (gateway, limiter) = await StartAsync(Trusting, time);
        await using var _ = gateway;
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer, ("x-ratelimit-limit-requests", "60"), ("x-ratelimit-remaining-requests", "59"));
        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Acme);

        var id = await ReserveAsync(gateway, Globex);
        using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", report, Globex);
        using var at0 = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Acme, ("Prefer", "wait=0"));
        time.Advance(TimeSpan.FromSeconds(62));
        using var at60 = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Acme, ("Prefer", "wait=0"));

        Assert.Equal(HttpStatusCode.OK, settled.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, at0.StatusCode);
        Assert.Equal(HttpStatusCode.OK, at60.StatusCode);
        Assert.All(BudgetsOfProvider(limiter).SelectMany(budget => budget.Meters), meter => Assert.InRange(meter.Effective, 0.9 * meter.Configured, meter.Configured));
    }

    [Fact]
    public async Task Settlement_OfATrustedTenant_LowersALimitThatTheProviderDidNotTell()
    {
        var (gateway, limiter) = await StartAsync(Trusting, new VirtualTime());
        await using var _ = gateway;

        var id = await ReserveAsync(gateway, Globex);
        using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", """{"headers":{"x-ratelimit-limit-requests":"30"}}""", Globex);

        Assert.Contains(BudgetsOfProvider(limiter).SelectMany(budget => budget.Meters), meter => meter.Effective is > 25 and <= 30);
    }

    [Theory]
    [InlineData("Müller")]
    [InlineData("日本語")]
    [InlineData("a\u0001b\u007f")]
    [InlineData("🙂")]
    public async Task RequestHeader_ThatHttpCannotCarry_IsEncoded_AndNoFailureOfTheProvider(string title)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var answer = await PostRawAsync(gateway, Samples.Chat, title);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(title, Uri.UnescapeDataString(asked.Headers["X-Title"]));
        Assert.All(gateway.Limiter.Observations, observation => Assert.Equal(OutcomeKind.Success, observation.Kind));
    }

    [Fact]
    public async Task Request_ThatCannotBeSent_IsNoFailureOfTheProvider_AndCostsNothing()
    {
        await using var gateway = await TestGateway.StartAsync(provider =>
        {
            var open = Samples.Open(provider);
            return open with { Accounts = [.. open.Accounts.Select(account => account with { ApiKey = "schlüssel" })] };
        });

        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("request_not_sendable", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Observations);
        Assert.Equal(Charge.None, Assert.Single(gateway.Limiter.Settlements).Provider);
    }

    [Fact]
    public async Task Connection_ThatThisMachineCannotMake_IsNoFailureOfTheProvider_AndCanBeTriedAgain()
    {
        // A broadcast address: the system refuses to connect there before anything leaves.
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(new Uri("http://255.255.255.255:9")), time: new HastyTime());

        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (answer.StatusCode, answer.Headers.NonValidated["Retry-After"].ToString()));
        Assert.Contains("no_connection_left", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Limiter.Observations);
        Assert.All(gateway.Limiter.Settlements, settlement => Assert.Equal(Charge.None, settlement.Provider));
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json")]
    public async Task Answer_ThatItsCallerIsSlowToRead_IsNoSilenceOfTheProvider(string type)
    {
        var time = new VirtualTime();
        await using var gateway = await TestGateway.StartAsync(time: time);
        var written = 0;
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = type;
            var part = System.Text.Encoding.ASCII.GetBytes($"data: {{\"x\":\"{new string('x', 64 * 1024)}\"}}\n\n");
            for (; written < 600; written++)
            {
                await context.Response.Body.WriteAsync(part, context.RequestAborted);
            }
        };

        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        for (var seen = -1; seen != written; await Task.Delay(200))
        {
            seen = written;
        }

        Assert.InRange(written, 1, 599);
        time.Advance(TimeSpan.FromMinutes(30));
        var read = await answer.Content.ReadAsByteArrayAsync();

        Assert.True(read.Length > 600 * 64 * 1024);
        Assert.All(gateway.Limiter.Observations, observation => Assert.Equal(OutcomeKind.Success, observation.Kind));
    }

    private static async Task<(TestGateway Gateway, EmbeddedLimiter Limiter)> StartAsync(Func<Uri, GatewayConfiguration> configuration, VirtualTime time)
    {
        EmbeddedLimiter? limiter = null;
        var gateway = await TestGateway.StartAsync(
            configuration, time: time, realLimiter: configured => limiter = new(LimiterSpecs.From(configured, isDurable: false), time));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return (gateway, limiter!);
    }

    private static GatewayConfiguration Limited(Uri provider)
    {
        var keyed = Samples.Keyed(provider);
        var account = keyed.Accounts[0];
        return keyed with
        {
            Accounts = [account with { Limits = Limits, Models = [account.Models[0] with { Limits = Limits }] }, .. keyed.Accounts.Skip(1)],
        };
    }

    private static GatewayConfiguration Trusting(Uri provider)
    {
        var limited = Limited(provider);
        return limited with { Tenants = [limited.Tenants[0], limited.Tenants[1] with { ReportsLimits = true }] };
    }

    private static async Task<string> ReserveAsync(TestGateway gateway, (string, string) tenant)
    {
        using var reserved = await gateway.PostAsync("/reservations", """{"model":"gpt-x","inputTokens":20,"outputTokens":10}""", tenant);
        Assert.Equal(HttpStatusCode.OK, reserved.StatusCode);
        using var body = JsonDocument.Parse(await reserved.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("id").GetString()!;
    }

    private static BudgetReport[] BudgetsOfProvider(EmbeddedLimiter limiter) =>
        [.. limiter.Report().Budgets.Where(budget => budget.Name.Contains("openai-1", StringComparison.Ordinal))];

    // The client of tests writes headers in UTF-8, as some SDKs do; by default the framework's own throws.
    private static async Task<HttpResponseMessage> PostRawAsync(TestGateway gateway, string body, string title)
    {
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8 })
        {
            BaseAddress = gateway.Client.BaseAddress,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("X-Title", title);
        var response = await client.SendAsync(request);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }
}
