using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class ReservationTests
{
    private static readonly (string, string) Acme = ("x-api-key", Samples.AcmeKey);

    private const string Asked = """{"model":"gpt-x","inputTokens":100,"outputTokens":20,"priority":"background","user":"ann","maxWaitSeconds":3,"ttlSeconds":60}""";

    [Fact]
    public async Task Reservation_WithNullForItsModel_IsToldSo()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/reservations", """{"model":null,"inputTokens":1}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("The body has null where a value is needed: $.model.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("FuncLimiter.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reservation_HoldsTheEstimate_AndSettlementReplacesItOnce()
    {
        await using var gateway = await TestGateway.StartAsync(Trusting);

        using var reserved = await gateway.PostAsync("/reservations", Asked, Acme);
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();
        using var settled = await gateway.PostAsync(
            $"/reservations/{id}/settlement",
            """{"status":200,"usage":{"inputTokens":90,"outputTokens":5},"headers":{"X-RateLimit-Remaining-Requests":"3","x-ratelimit-limit-requests":"60"}}""",
            Acme);
        using var again = await gateway.PostAsync($"/reservations/{id}/settlement", "{}", Acme);

        Assert.Equal(HttpStatusCode.OK, settled.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        var admission = Assert.Single(gateway.Limiter.Requests);
        Assert.Equal((Priority.Background, "ann", TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(60)), (admission.Priority, admission.User!, admission.MaxWait, admission.ExpiresAfter));
        Assert.Equal(new Charge(1, 120, 100, 20, 1, Cost: 400_000), admission.Consumer);
        Assert.Equal(new Charge(1, 95, 90, 5, 0, Cost: 230_000), Assert.Single(gateway.Limiter.Settlements).Consumer);
        Assert.Contains(gateway.Limiter.Observations.Single().Readings, reading => reading.Remaining == 3);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Reservation_TellsWhereToCall()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/reservations", Asked.Replace("gpt-x", "smart", StringComparison.Ordinal));

        var body = await JsonAsync(response);
        Assert.Equal("openai-1/gpt-x", body.GetProperty("deployment").GetString());
        Assert.Equal("openai", body.GetProperty("provider").GetString());
        Assert.Equal("gpt-x", body.GetProperty("model").GetString());
        Assert.DoesNotContain(Samples.AccountKey, body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reservation_MayBeEstimatedFromTheBodyOfTheCall()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/reservations", $$"""{"model":"claude-x","request":{{Samples.Message}}}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(50, gateway.Limiter.Requests.Single().Consumer.OutputTokens);
    }

    [Fact]
    public async Task Failure_ToldAtSettlementByATrustedTenant_IsLearnedFrom()
    {
        await using var gateway = await TestGateway.StartAsync(Trusting);
        using var reserved = await gateway.PostAsync("/reservations", Asked, Acme);
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();

        using var settled = await gateway.PostAsync(
            $"/reservations/{id}/settlement", $$"""{"status":429,"headers":{"retry-after":"7"},"body":{{Samples.RateLimited}}}""", Acme);

        Assert.True((await JsonAsync(settled)).GetProperty("retryable").GetBoolean());
        var observation = gateway.Limiter.Observations.Single();
        Assert.Equal((OutcomeKind.RateLimited, TimeSpan.FromSeconds(7)), (observation.Kind, observation.RetryAfter));
        Assert.Equal(Charge.None, gateway.Limiter.Settlements.Single().Consumer);
    }

    [Fact]
    public async Task Settlement_WithoutAStatus_IsOfAnAnsweredCall()
    {
        await using var gateway = await TestGateway.StartAsync();
        using var reserved = await gateway.PostAsync("/reservations", Asked);
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();

        using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", """{"usage":{"inputTokens":90,"outputTokens":5}}""");

        Assert.Equal("ok", (await JsonAsync(settled)).GetProperty("reason").GetString());
        Assert.Equal(95, gateway.Limiter.Settlements.Single().Consumer.Tokens);
    }

    [Fact]
    public async Task Settlement_OfAnotherTenantsReservation_FindsNothing()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);
        using var reserved = await gateway.PostAsync("/reservations", Asked, ("x-api-key", Samples.AcmeKey));
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();

        using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", "{}", ("x-api-key", "fl-globex-key"));

        Assert.Equal(HttpStatusCode.NotFound, settled.StatusCode);
        Assert.Empty(gateway.Limiter.Settlements);
    }

    [Fact]
    public async Task Reservation_PastItsTime_IsGoneAndLeftToTheLimiter()
    {
        var time = new VirtualTime();
        await using var gateway = await TestGateway.StartAsync(time: time);
        using var reserved = await gateway.PostAsync("/reservations", Asked);
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();

        time.Advance(TimeSpan.FromSeconds(61));
        using var settled = await gateway.PostAsync($"/reservations/{id}/settlement", "{}");

        Assert.Equal(HttpStatusCode.NotFound, settled.StatusCode);
        Assert.Empty(gateway.Limiter.Settlements);
    }

    [Fact]
    public async Task Reservations_AreBounded()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxReservations = 1 });

        using var first = await gateway.PostAsync("/reservations", Asked);
        using var second = await gateway.PostAsync("/reservations", Asked);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.Single(gateway.Limiter.Requests);
    }

    [Fact]
    public async Task Reservation_Refused_SaysWhenToComeBack()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "tenant:default", Instant.From(DateTimeOffset.UtcNow.AddSeconds(9)));

        using var response = await gateway.PostAsync("/reservations", Asked);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(9, response.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
    }

    [Theory]
    [InlineData("""{"inputTokens":1}""")]
    [InlineData("""{"model":null,"inputTokens":1}""")]
    [InlineData("""{"model":"gpt-x"}""")]
    [InlineData("""{"model":"nobody","inputTokens":1}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":-1}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"cachedInputTokens":2}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"ttlSeconds":0}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"maxWaitSeconds":-1}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"priority":"urgent"}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"operation":"images"}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"operation":"messages"}""")]
    [InlineData("""{"model":"gpt-x","inputTokens":1,"typo":1}""")]
    [InlineData("""{"model":"gpt-x","request":{"max_tokens":0}}""")]
    [InlineData("""null""")]
    [InlineData("""{""")]
    public async Task Reservation_ThatMakesNoSense_IsRefusedAndLeavesTheLimiterAlone(string body)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/reservations", body);

        Assert.InRange((int)response.StatusCode, 400, 404);
        Assert.NotEqual("", (await JsonAsync(response)).GetProperty("error").GetProperty("message").GetString());
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData("""{"usage":{"inputTokens":-1000000,"outputTokens":0}}""")]
    [InlineData("""{"usage":{"inputTokens":1,"outputTokens":0,"cacheReadTokens":2}}""")]
    [InlineData("""{"usage":{"inputTokens":1}}""")]
    [InlineData("""{"usage":{"inputTokens":10000001,"outputTokens":0}}""")]
    [InlineData("""{"status":99}""")]
    public async Task Settlement_ThatMakesNoSense_LeavesTheReservationOpen(string body)
    {
        await using var gateway = await TestGateway.StartAsync();
        using var reserved = await gateway.PostAsync("/reservations", Asked);
        var id = (await JsonAsync(reserved)).GetProperty("id").GetString();

        using var wrong = await gateway.PostAsync($"/reservations/{id}/settlement", body);
        using var right = await gateway.PostAsync($"/reservations/{id}/settlement", "{}");

        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Single(gateway.Limiter.Settlements);
    }

    private static GatewayConfiguration Trusting(Uri provider)
    {
        var keyed = Samples.Keyed(provider);
        return keyed with { Tenants = [keyed.Tenants[0] with { ReportsLimits = true }, keyed.Tenants[1]] };
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.Clone();
    }
}
