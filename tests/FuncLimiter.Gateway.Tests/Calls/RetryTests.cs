using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Calls;

public class RetryTests
{
    private static readonly string Smart = Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal);

    [Fact]
    public async Task RateLimited_IsAdmittedAnewAndTriedAgain_UnseenByTheCaller()
    {
        var time = new HastyTime();
        var asked = new List<DateTimeOffset>();
        await using var gateway = await TestGateway.StartAsync(time: time);
        gateway.Provider.AnswerInTurn(
            context => AnswerAsync(context, 429, Samples.RateLimited, ("retry-after-ms", "500")),
            context => AnswerAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(asked[1] - asked[0] >= TimeSpan.FromMilliseconds(500), $"{asked[1] - asked[0]}");
        Assert.Equal(2, gateway.Limiter.Requests.Count);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
        Assert.Equal((OutcomeKind.RateLimited, TimeSpan.FromMilliseconds(500)), (gateway.Limiter.Observations[0].Kind, gateway.Limiter.Observations[0].RetryAfter));
        Assert.Equal(2, (await gateway.Usage.SingleAsync()).Attempts);
        Assert.InRange(int.Parse(response.Headers.GetValues("X-FuncLimiter-Waited-Ms").Single()), 1, int.MaxValue);

        Task AnswerAsync(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
        {
            asked.Add(time.GetUtcNow());
            return FakeProvider.WriteAsync(context, status, body, headers);
        }
    }

    [Fact]
    public async Task Overloaded_GoesToTheNextDeployment()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 503, """{"error":{"message":"Overloaded","type":"server_error","code":"server_is_overloaded"}}"""),
            context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync("/v1/chat/completions", Smart);

        Assert.Equal("openai-2/gpt-y", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.Equal([0UL, 1UL], gateway.Limiter.Requests.Select(request => request.Excluded));
        Assert.Contains("\"gpt-y\"", gateway.Provider.Requests[1].Text, StringComparison.Ordinal);
        Assert.Equal(2, gateway.Limiter.Requests[0].Provider.Count);
    }

    [Theory]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}""")]
    [InlineData(403, """{"error":{"message":"Public access is disabled.","code":"AccessDenied"}}""")]
    [InlineData(403, "<html>Forbidden</html>")]
    public async Task CredentialsRefused_GoesToTheNextDeployment_WhoseOwnAreOthers(int status, string body)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, status, body), context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync("/v1/chat/completions", Smart);

        Assert.Equal("openai-2/gpt-y", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.Equal(2, gateway.Provider.Requests.Count);
    }

    [Fact]
    public async Task OutOfQuota_GoesToTheNextDeployment()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 429, Samples.OutOfQuota),
            context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync("/v1/chat/completions", Smart);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task OutOfQuota_WithNowhereElseToGo_PassesAsAnsweredAndSaysThatARetryCannotHelp()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(429, Samples.OutOfQuota);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(Samples.OutOfQuota, await response.Content.ReadAsStringAsync());
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Single(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Failing_StopsAfterTheAttemptsAllowed_AndPassesTheLastAnswerOn()
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerWith(500, """{"error":{"message":"Oops","type":"server_error","code":null}}""");

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("Oops", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(4, gateway.Provider.Requests.Count);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(4));
    }

    [Fact]
    public async Task Hint_BeyondTheCallersWait_IsRefusedAtOnceWithTheTimeToComeBack()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(429, Samples.RateLimited, ("retry-after", "30"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Prefer", "wait=5"));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 29, 34);
        Assert.Single(gateway.Provider.Requests);
    }

    [Fact]
    public async Task AccountKeyRefused_IsNotPassedOnAsTheCallersOwn()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(401, """{"error":{"message":"Incorrect API key provided: sk-acc***ret","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""");

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("sk-acc", body, StringComparison.Ordinal);
        Assert.Contains("upstream_authentication", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefusalReason.WouldWaitTooLong, 429, "rate_limit_exceeded")]
    [InlineData(RefusalReason.QueueFull, 503, "queue_full")]
    [InlineData(RefusalReason.NoDeployment, 503, "no_deployment")]
    public async Task Refusal_SaysWhyWhichBudgetAndWhenToComeBack(RefusalReason reason, int status, string code)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = request => FakeLimiter.Refuse(
            reason, "tenant:default", Instant.From(DateTimeOffset.UtcNow.AddSeconds(12.3)))(request);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(13, response.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Equal("13000", response.Headers.GetValues("retry-after-ms").Single());
        Assert.Contains("Try again in 13 s.", body, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", body, StringComparison.Ordinal);
        Assert.Contains("tenant:default", body, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("x-should-retry"));
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData(503, null, true, "false")]
    [InlineData(429, null, true, "false")]
    [InlineData(500, null, true, "false")]
    [InlineData(503, null, false, null)]
    [InlineData(503, "30", false, null)]
    [InlineData(503, "300", false, "false")]
    public async Task Failure_IsToldAsWorthRepeating_UnlessItWasTriedHereOrIsFarAway(int status, string? retryAfter, bool waits, string? shouldRetry)
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerWith(status, "{}", retryAfter is null ? [] : [("Retry-After", retryAfter)]);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, waits ? [] : [("Prefer", "wait=0")]);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(waits, gateway.Provider.Requests.Count > 1);
        Assert.Equal(shouldRetry, response.Headers.TryGetValues("x-should-retry", out var told) ? told.Single() : null);
    }

    [Fact]
    public async Task Refusal_ForWantOfCapacity_IsAnthropicsOwnStatusInItsDialect()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.QueueFull, "queue", Instant.From(DateTimeOffset.UtcNow.AddSeconds(3)));

        using var response = await gateway.PostAsync("/v1/messages", Samples.Message);

        Assert.Equal(529, (int)response.StatusCode);
        Assert.Contains("overloaded_error", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_OfWhatCanNeverFit_SaysThatARetryCannotHelp()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.TooLarge, "deployment:openai-1/gpt-x", Instant.Never);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Null(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Refusal_UntilLaterThanClientsFollow_TellsThemNotToComeBackByThemselves()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "tenant:default", Instant.From(DateTimeOffset.UtcNow.AddMinutes(5)));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 299, 300);
    }
}
