using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Calls;

public class SettlementTests
{
    [Fact]
    public async Task Answer_SettlesOnceByTheUsageItTells()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer, ("x-ratelimit-limit-requests", "60"), ("x-ratelimit-remaining-requests", "59"), ("x-ratelimit-reset-requests", "1s"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-User", "ann"), ("X-Workflow", "w"), ("X-Step", "s"), ("X-Run", "r"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var admission = Assert.Single(gateway.Limiter.Requests);
        Assert.Equal(("gpt-x", "default", "ann"), (admission.Route, admission.Tenant, admission.User));
        Assert.Equal(50, admission.Consumer.OutputTokens);
        var settlement = Assert.Single(gateway.Limiter.Settlements);
        Assert.Equal(new Charge(1, 18, 11, 7, 0, Cost: 88_000), settlement.Consumer);
        Assert.Equal(admission.Provider[0].Tokens, settlement.Provider.Tokens);
        Assert.Contains(gateway.Limiter.Observations, observation => observation.Readings.Any(reading => reading.Remaining == 59));
        var record = await gateway.Usage.SingleAsync();
        Assert.Equal(new TokenUsage(11, 7, CacheReadTokens: 4), record.Usage);
        Assert.Equal(((7 * 2m) + (4 * 1m) + (7 * 10m)) / 1_000_000, record.CostUsd);
        Assert.Equal(("openai-1/gpt-x", 200, 1), (record.Deployment, record.Status, record.Attempts));
        Assert.Equal(("w", "s", "r"), (record.Caller.Workflow, record.Caller.Step, record.Caller.Run));
    }

    [Fact]
    public async Task AnthropicAnswer_SettlesTheProvidersInputAndOutputByItsOwnRule()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.MessageAnswer);

        using var response = await gateway.PostAsync("/v1/messages", Samples.Message);

        Assert.Equal(new Charge(1, 17, 12, 5, 0), gateway.Limiter.Settlements.Single().Provider);
    }

    [Fact]
    public async Task RefusedByTheProvider_IsPassedOnAndSettledOnceAsARequestAlone()
    {
        const string body = """{"error":{"message":"Bad tool","type":"invalid_request_error","param":"tools","code":null}}""";
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(400, body);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync());
        Assert.Single(gateway.Provider.Requests);
        Assert.Equal(new Charge(1, 0, 0, 0, 0), gateway.Limiter.Settlements.Single().Consumer);
    }

    [Fact]
    public async Task CallerGoneBeforeTheAnswer_CancelsTheProviderAndSettlesOnce()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        using var gone = new CancellationTokenSource();

        var call = gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", new StringContent(Samples.Chat, System.Text.Encoding.UTF8, "application/json"), gone.Token);
        await UntilAsync(() => gateway.Provider.Requests.Count == 1);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.True(await gateway.Provider.Aborted.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(499, (await gateway.Usage.SingleAsync()).Status);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(gateway.Limiter.Requests[0].Provider[0].Tokens, gateway.Limiter.Settlements[0].Provider.Tokens);
        Assert.Equal(0, gateway.Limiter.Settlements[0].Provider.Concurrent);
    }

    [Fact]
    public async Task CallerGoneWhileWaiting_GivesItsPlaceUp()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Hold = new TaskCompletionSource();
        using var gone = new CancellationTokenSource();

        var call = gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", new StringContent(Samples.Chat, System.Text.Encoding.UTF8, "application/json"), gone.Token);
        await UntilAsync(() => gateway.Limiter.Requests.Count == 1);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await UntilAsync(() => gateway.Limiter.Cancelled == 1);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Settlements);
    }

    [Fact]
    public async Task ProviderOutOfReach_SettlesNothingUsedAndAnswers502()
    {
        await using var gateway = await TestGateway.StartAsync(provider => Samples.Open(new Uri("http://127.0.0.1:1")), time: new HastyTime());

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("upstream_unreachable", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(4));
        Assert.All(gateway.Limiter.Settlements, settlement => Assert.Equal(new Settlement(Charge.None, Charge.None), settlement));
    }

    [Fact]
    public async Task ProviderSilent_IsGivenUpAfterTheFirstBytesTime()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { FirstByteTimeout = TimeSpan.FromMilliseconds(150), MaxAttempts = 1 });
        gateway.Provider.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);

        using var response = await gateway.PostAsync("/v1/messages", Samples.Message);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("timeout_error", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(OutcomeKind.TransientFailure, gateway.Limiter.Observations.Single().Kind);
    }

    [Fact]
    public async Task ProviderGoneMidAnswer_IsTriedAgain()
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerInTurn(
            async context =>
            {
                context.Response.ContentLength = 1_000;
                await context.Response.Body.WriteAsync("{\"id\""u8.ToArray());
                await context.Response.Body.FlushAsync();
                context.Abort();
            },
            context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(Samples.ChatAnswer, await response.Content.ReadAsStringAsync());
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
        Assert.Equal(Charge.None, gateway.Limiter.Settlements[0].Consumer);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var attempt = 0; !condition() && attempt < 1_000; attempt++)
        {
            await Task.Delay(10);
        }

        Assert.True(condition());
    }
}
