using System.Globalization;
using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>What a refusal means, in the words that providers use: whose fault it is, and whether a wait or another place helps.</summary>
public class VerdictTests
{
    public static TheoryData<string, string, string> NeverFits => new()
    {
        { "anthropic", "/v1/messages", """{"type":"error","error":{"type":"rate_limit_error","message":"Extra usage is required for long context requests."},"request_id":"req_1"}""" },
        { "groq", "/v1/chat/completions", """{"error":{"message":"Rate limit reached for model `m` on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 2.5s.","type":"tokens","code":"rate_limit_exceeded"}}""" },
        { "openai", "/v1/chat/completions", """{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 34472.","type":"rate_limit_error","code":"rate_limit_exceeded"}}""" },
        { "openai-compatible", "/v1/chat/completions", """{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}""" },
    };

    [Theory]
    [MemberData(nameof(NeverFits))]
    public async Task CallThatCanNeverFit_IsRefusedAtOnce_AndLowersNobodysLimits(string provider, string path, string refusal)
    {
        await using var gateway = await StartAsync(provider, fallback: null);
        gateway.Provider.AnswerWith(429, refusal);

        using var answer = await gateway.PostAsync(path, BodyOf(path));

        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.Equal("false", answer.Headers.GetValues("x-should-retry").Single());
        Assert.Single(gateway.Provider.Requests);
        Assert.All(gateway.Limiter.Observations, observation => Assert.Equal((OutcomeKind.Rejected, null), (observation.Kind, observation.RetryAfter)));
    }

    [Theory]
    [MemberData(nameof(NeverFits))]
    public async Task CallThatCanNeverFit_IsTriedOnceWhereALargerLimitMayTakeIt(string provider, string path, string refusal)
    {
        await using var gateway = await StartAsync(provider, fallback: "b");
        var whole = path == "/v1/messages" ? Samples.MessageAnswer : Samples.ChatAnswer;
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 429, refusal),
            context => FakeProvider.WriteAsync(context, 200, whole));

        using var answer = await gateway.PostAsync(path, BodyOf(path));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("b/m", answer.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.Equal(2, gateway.Provider.Requests.Count);
    }

    [Theory]
    [InlineData("gemini", 429, """{"error":{"code":429,"message":"No capacity available for model m on the server","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"MODEL_CAPACITY_EXHAUSTED","domain":"cloudcode-pa.googleapis.com"}]}}""")]
    [InlineData("gemini", 429, """{"error":{"code":429,"message":"Try later.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"MODEL_CAPACITY_EXHAUSTED"}]}}""")]
    [InlineData("vertex", 429, """{"error":{"code":429,"message":"Resource exhausted. Please try again later.","status":"RESOURCE_EXHAUSTED"}}""")]
    [InlineData("bedrock", 429, """{"__type":"ModelNotReadyException","message":"The model is not ready."}""")]
    [InlineData("openai", 429, """{"error":{"message":"No capacity for flex.","type":"requests","code":"resource_unavailable"}}""")]
    public async Task CapacityOfTheProvider_IsOverload_AndNoLimitOfOurs(string provider, int status, string refusal)
    {
        await using var gateway = await StartAsync(provider, fallback: null);
        gateway.Provider.AnswerWith(status, refusal);

        using var answer = await gateway.PostAsync("/v1/chat/completions", BodyOf("/v1/chat/completions"), ("Prefer", "wait=2"));

        Assert.InRange((int)answer.StatusCode, 400, 599);
        Assert.NotEmpty(gateway.Limiter.Observations);
        Assert.All(gateway.Limiter.Observations, observation => Assert.Equal(OutcomeKind.Overloaded, observation.Kind));
    }

    public static TheoryData<string, string?, string?, string, double> Hints => new()
    {
        { "azure-openai", "x-ms-retry-after-ms", "6000", "{}", 6 },
        { "openai", "Retry-After", "6, 6", "{}", 6 },
        { "gemini", null, null, """{"error":{"code":429,"message":"No quota left on this model.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","metadata":{"quotaResetDelay":"7373.801628ms"}}]}}""", 7.373801628 },
        { "gemini", null, null, """{"error":{"code":429,"message":"You have exhausted your capacity on this model. Your quota will reset after 9s.","status":"RESOURCE_EXHAUSTED"}}""", 9 },
        { "openai", null, null, """{"error":{"message":"Rate limit reached. Your limit resets in 1m30s.","code":"rate_limit_exceeded"}}""", 90 },
        { "openai", null, null, """{"error":{"message":"Too busy, please wait for about 12 seconds.","code":"rate_limit_exceeded"}}""", 12 },
        { "anthropic", "anthropic-ratelimit-unified-status", "rejected", "{}", 86_400 },
    };

    [Theory]
    [MemberData(nameof(Hints))]
    public async Task Hint_InEveryFormThatIsInUse_IsRead(string provider, string? header, string? value, string body, double seconds)
    {
        await using var gateway = await StartAsync(provider, fallback: null);
        var reset = (DateTimeOffset.UtcNow + TimeSpan.FromSeconds(seconds)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        gateway.Provider.AnswerWith(
            429, body, (header ?? "x-none", value ?? "none"), ("x-should-retry", "false"), ("anthropic-ratelimit-unified-reset", reset));
        var path = provider == "anthropic" ? "/v1/messages" : provider == "azure-openai" ? "/openai/deployments/m/chat/completions" : "/v1/chat/completions";

        using var answer = await gateway.PostAsync(path, BodyOf(path));

        Assert.Equal(seconds, gateway.Limiter.Observations[^1].RetryAfter!.Value.TotalSeconds, provider == "anthropic" ? 3_600 : 1e-6);
    }

    // The clock stands at midnight UTC, eight hours before that of California.
    public static TheoryData<string, string, int, string, double, double> SpentQuotas => new()
    {
        { "openai", "/v1/chat/completions", 429, Samples.OutOfQuota, 60, 90 },
        { "openai", "/v1/chat/completions", 429, """{"error":{"message":"Rate limit reached for m on requests per day (RPD): Limit 200, Used 200, Requested 1.","type":"requests","code":"rate_limit_exceeded"}}""", 432, 433 },
        { "groq", "/v1/chat/completions", 429, """{"error":{"message":"Rate limit reached for model `m` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619.","type":"tokens","code":"rate_limit_exceeded"}}""", 578, 579 },
        { "openai", "/v1/chat/completions", 429, """{"error":{"message":"You have reached your daily request limit.","type":"requests","code":"rate_limit_exceeded"}}""", 86_399, 86_401 },
        { "bedrock", "/model/m/converse", 429, """{"message":"Too many tokens per day, please wait before trying again."}""", 86_399, 86_401 },
        { "anthropic", "/v1/messages", 429, """{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your daily rate limit."}}""", 86_399, 86_401 },
        { "openrouter", "/v1/chat/completions", 429, """{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day."}}""", 86_399, 86_401 },
        { "gemini", "/v1beta/models/m:generateContent", 429, """{"error":{"code":429,"message":"Your daily quota is used up.","status":"RESOURCE_EXHAUSTED"}}""", 28_799, 28_801 },
        { "azure-openai", "/openai/deployments/m/chat/completions", 429, """{"error":{"code":"insufficient_quota","message":"You exceeded your current quota."}}""", 60, 90 },
        { "anthropic", "/v1/messages", 400, """{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}""", 60, 90 },
        { "gemini", "/v1beta/models/m:generateContent", 429, """{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 12.5s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_requests_per_model_per_day","quotaId":"GenerateRequestsPerDayPerProjectPerModel","quotaValue":"250"}]}]}}""", 28_799, 28_801 },
    };

    [Theory]
    [MemberData(nameof(SpentQuotas))]
    public async Task SpentQuota_TellsItsFirstCallerWhatLaterOnesAreTold_AndWhoComesThenIsServed(
        string provider, string path, int status, string refusal, double atLeast, double atMost)
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync(provider, fallback: null, time, configured => new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time));
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, status, refusal),
            context => FakeProvider.WriteAsync(context, 200, path == "/v1/messages" ? Samples.MessageAnswer : Samples.ChatAnswer));

        using var first = await gateway.PostAsync(path, BodyOf(path), ("Prefer", "wait=0"));
        using var second = await gateway.PostAsync(path, BodyOf(path), ("Prefer", "wait=0"));
        var told = first.Headers.RetryAfter!.Delta!.Value;
        time.Advance(told);
        using var third = await gateway.PostAsync(path, BodyOf(path), ("Prefer", "wait=0"));

        Assert.Equal(status, (int)first.StatusCode);
        Assert.InRange(told.TotalSeconds, atLeast, atMost);
        Assert.Equal("false", first.Headers.GetValues("x-should-retry").Single());
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.InRange((told - second.Headers.RetryAfter!.Delta!.Value).TotalSeconds, 0, 1);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.Equal(2, gateway.Provider.Requests.Count);
    }

    // The clock stands at midnight UTC. Nobody vouches for the end: it is looked for, seldom.
    [Fact]
    public async Task SpentDay_WhoseEndNobodyNames_TellsEveryCallerTheNextMidnight_AndIsTriedSomeThirtyTimes()
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync("bedrock", fallback: null, time, configured => new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time));
        gateway.Provider.AnswerWith(429, """{"message":"Too many tokens per day, please wait before trying again."}""");
        var step = TimeSpan.FromMinutes(4);

        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromHours(23.9); passed += step)
        {
            using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat.Replace("gpt-x", "m", StringComparison.Ordinal), ("Prefer", "wait=0"));
            Assert.Equal((HttpStatusCode.TooManyRequests, "false"), (answer.StatusCode, answer.Headers.GetValues("x-should-retry").Single()));
            Assert.InRange((TimeSpan.FromDays(1) - passed - answer.Headers.RetryAfter!.Delta!.Value).TotalSeconds, -1, 1);
            time.Advance(step);
        }

        Assert.InRange(gateway.Provider.Requests.Count, 15, 35);
    }

    [Fact]
    public async Task SpentDay_ThatIsBackEarly_IsFoundByTheFirstWhoTries()
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync("bedrock", fallback: null, time, configured => new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time));
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 429, """{"message":"Too many tokens per day, please wait before trying again."}"""),
            context => FakeProvider.WriteAsync(context, 200, """{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","usage":{"inputTokens":9,"outputTokens":3,"totalTokens":12}}"""));
        async Task<HttpStatusCode> AskAsync()
        {
            using var answer = await gateway.PostAsync("/model/m/converse", """{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}""", ("Prefer", "wait=0"));
            return answer.StatusCode;
        }

        var told = (await AskAsync(), await AskAsync());
        time.Advance(TimeSpan.FromMinutes(2));
        var then = (await AskAsync(), await AskAsync(), await AskAsync());

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), told);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), then);
    }

    [Fact]
    public async Task SpentDay_OfALimitThatIsKnown_ClosesUntilThatCountersEnd_AsTheStatusSays()
    {
        var time = new VirtualTime();
        time.Advance(TimeSpan.FromHours(13));
        await using var gateway = await StartAsync("openai", fallback: null, time, configured => new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time),
            new Limit(Dimension.Requests, 1_000, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay));
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 429, """{"error":{"message":"You have reached your daily request limit.","type":"requests","code":"rate_limit_exceeded"}}"""),
            context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var first = await gateway.PostAsync("/v1/chat/completions", BodyOf("/v1/chat/completions"), ("Prefer", "wait=0"));
        time.Advance(TimeSpan.FromHours(10));
        using var later = await gateway.PostAsync("/v1/chat/completions", BodyOf("/v1/chat/completions"), ("Prefer", "wait=0"));
        using var status = JsonDocument.Parse(await gateway.Client.GetStringAsync(new Uri("/status", UriKind.Relative)));
        var budget = status.RootElement.GetProperty("budgets").EnumerateArray().Single(budget => budget.GetProperty("name").GetString() == "deployment:a/m");
        time.Advance(later.Headers.RetryAfter!.Delta!.Value);
        using var next = await gateway.PostAsync("/v1/chat/completions", BodyOf("/v1/chat/completions"), ("Prefer", "wait=0"));

        Assert.InRange(first.Headers.RetryAfter!.Delta!.Value.TotalHours, 10.99, 11.01);
        Assert.InRange(later.Headers.RetryAfter!.Delta!.Value.TotalHours, 0.99, 1.01);
        Assert.InRange((budget.GetProperty("cooldownUntil").GetDateTimeOffset() - time.GetUtcNow()).TotalSeconds, -10, 10);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.Equal(2, gateway.Provider.Requests.Count);
    }

    [Fact]
    public async Task SpentQuota_WhereAnotherDeploymentHasRoom_TellsNoWait()
    {
        var time = new VirtualTime();
        await using var gateway = await StartAsync("openai", fallback: "b", time, configured => new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time));
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 429, Samples.OutOfQuota),
            context => FakeProvider.WriteAsync(context, 500, "{}", ("x-should-retry", "false")));

        using var answer = await gateway.PostAsync("/v1/chat/completions", BodyOf("/v1/chat/completions"), ("Prefer", "wait=0"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Null(answer.Headers.RetryAfter);
    }

    private static string BodyOf(string path) => (path == "/v1/messages" ? Samples.Message : path.Contains("v1beta", StringComparison.Ordinal) ? """{"contents":[{"parts":[{"text":"Hi"}]}]}""" : Samples.Chat)
        .Replace("claude-x", "m", StringComparison.Ordinal).Replace("gpt-x", "m", StringComparison.Ordinal);

    private static Task<TestGateway> StartAsync(
        string provider, string? fallback, TimeProvider? time = null, Func<GatewayConfiguration, ILimiter>? realLimiter = null, params Limit[] limits) => TestGateway.StartAsync(
        address => new GatewayConfiguration
        {
            Accounts = [.. (fallback is null ? (string[])["a"] : ["a", fallback]).Select(id =>
                new AccountConfiguration(id, provider, null, address, "sk-1", [], [new ModelConfiguration("m", limits, null)]))],
            Routes = [new("m", ["a/m"], fallback is null ? [] : [$"{fallback}/m"])],
        },
        time: time ?? new HastyTime(),
        realLimiter: realLimiter);
}
