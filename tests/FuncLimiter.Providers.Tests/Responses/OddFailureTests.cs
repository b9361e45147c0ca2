using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

/// <summary>What providers, and the gateways and servers in front of them, say in other words and places than their pages do.</summary>
public class OddFailureTests
{
    [Theory]
    [InlineData("""{"error":{"message":"slow","retry_after":12}}""", 12.0)]
    [InlineData("""{"error":{"message":"slow","retry_after_ms":12000}}""", 12.0)]
    [InlineData("""{"error":{"message":"slow"},"retry_after":12.5}""", 12.5)]
    [InlineData("""{"error":{"message":"slow","retryAfter":"12s"}}""", 12.0)]
    [InlineData("""{"error":{"message":"slow","metadata":{"retry_after_seconds":12}}}""", 12.0)]
    [InlineData("""{"message":"slow","retry_after":"12"}""", 12.0)]
    [InlineData("""{"message":"slow","retryAfter":"2026-09-01T12:00:12Z"}""", 12.0)]
    [InlineData("""{"message":"slow","retry_after":1788264012}""", 12.0)]
    [InlineData("""{"error":"Model x is currently loading","estimated_time":20.0}""", 20.0)]
    [InlineData("""{"error":{"message":"Try again in 3 s","retry_after":12}}""", 12.0)]
    [InlineData("""{"error":{"message":"slow","retry_after":-1}}""", null)]
    [InlineData("""{"error":{"message":"slow","retry_after":"soon"}}""", null)]
    [InlineData("""{"error":{"message":"slow","retry_after":{"a":1}}}""", null)]
    [InlineData("""{"error":{"message":"slow","retry_after":null}}""", null)]
    public void Wait_ToldAsAMember_IsTheHint(string body, double? seconds)
    {
        var said = Answer.Read("openai-compatible", 429, body);

        Assert.Equal(seconds, said.RetryAfterSeconds);
        Assert.Equal(seconds is null ? null : "body", said.RetryAfterSource);
    }

    [Theory]
    [InlineData("You can retry at 2026-09-01T12:00:30Z.", 30.0)]
    [InlineData("The limit resets at 2026-09-01 12:00:30 UTC", 30.0)]
    [InlineData("try again after 2026-09-01T14:00:30+02:00", 30.0)]
    [InlineData("retry after 2026-09-01T11:00:00Z", 0.0)]
    [InlineData("Please try again in: 12s", 12.0)]
    [InlineData("wait at least 45 seconds", 45.0)]
    [InlineData("wait for another 2 minutes", 120.0)]
    [InlineData("wait for 2 more minutes", 120.0)]
    [InlineData("Retry-After: 30", 30.0)]
    [InlineData("Retry in 12.345678901234567890123 seconds", 12.345678901234567)]
    [InlineData("the model was trained until 2026-09-01T12:00:30Z", null)]
    [InlineData("retry at 2026-09-01T12:00:30", null)]
    [InlineData("Retry-After: -30", null)]
    public void Wait_ToldInASentence_IsTheHint(string text, double? seconds) =>
        Assert.Equal(seconds, Answer.Read("openai", 429, Answer.Error(text)).RetryAfterSeconds);

    [Theory]
    [InlineData("x-retry-after")]
    [InlineData("x-ratelimit-retry-after")]
    public void RetryAfter_ByTheNameThatAGatewayGivesIt_IsTheHint(string name) =>
        Assert.Equal(30, Answer.Read("openai", 429, null, (name, "30")).RetryAfterSeconds);

    [Theory]
    [InlineData(421)]
    [InlineData(425)]
    [InlineData(499)]
    [InlineData(520)]
    [InlineData(522)]
    [InlineData(527)]
    [InlineData(530)]
    public void Status_OfAProxyOfTheProviders_IsWorthAnotherTry(int status)
    {
        var said = Answer.Read("openai", status, "<html></html>");

        Assert.Equal((true, OutcomeKind.TransientFailure), (said.Retryable, said.Observation.Kind));
    }

    [Theory]
    [InlineData("openai-compatible", 429, """{"error":{"message":"Your account is suspended, please check your plan and billing details","type":"exceeded_current_quota_error"}}""")]
    [InlineData("openai-compatible", 403, """{"error":{"message":"Insufficient balance","type":"insufficient_balance"}}""")]
    [InlineData("openai-compatible", 429, """{"error":{"message":"Insufficient balance or no resource package. Please recharge.","code":"1113"}}""")]
    [InlineData("openai-compatible", 400, """{"error":{"message":"Access denied, please make sure your account is in good standing.","type":"Arrearage","code":"Arrearage"}}""")]
    [InlineData("openai-compatible", 403, """{"error":{"message":"x","code":"AccountOverdueError","type":"Forbidden"}}""")]
    [InlineData("together", 429, """{"error":{"message":"You have reached your credit limit","type":"credit_limit","param":null,"code":null}}""")]
    [InlineData("fireworks", 429, """{"error":{"message":"Account x is suspended, possibly due to reaching the monthly spending limit"}}""")]
    [InlineData("groq", 429, """{"error":{"message":"Blocked API access due to spend limit","type":"blocked_api_access","code":"blocked_api_access"}}""")]
    public void AccountWithoutMoney_InEveryonesWords_IsExhausted(string provider, int status, string body)
    {
        var said = Answer.Read(provider, status, body);

        Assert.Equal((Reasons.QuotaExhausted, false, true), (said.Reason, said.Retryable, said.Observation.WholeAccount));
    }

    [Theory]
    [InlineData("gemini", "API_KEY_INVALID")]
    [InlineData("gemini", "API_KEY_EXPIRED")]
    [InlineData("vertex", "API_KEY_INVALID")]
    public void KeyThatGoogleRefuses_IsTheAccounts_ThoughItIsTheRequestThatIsCalledWrong(string provider, string reason)
    {
        var said = Answer.Read(provider, 400, $$$"""{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"{{{reason}}}"}]}}""");

        Assert.Equal((Reasons.Auth, true), (said.Reason, said.Observation.WholeAccount));
    }

    [Fact]
    public void LimitThatGoogleForbids_IsALimit()
    {
        var said = Answer.Read("gemini", 403, """{"error":{"code":403,"message":"Rate Limit Exceeded","errors":[{"reason":"rateLimitExceeded"}]}}""");

        Assert.Equal((Reasons.RateLimit, true, OutcomeKind.RateLimited), (said.Reason, said.Retryable, said.Observation.Kind));
    }

    [Theory]
    [InlineData("RequestsPerHourPerProject", "rate_limit_requests")]
    [InlineData("RequestsPerSecondPerProject", "rate_limit_requests")]
    [InlineData("RequestsPerMonthPerProject", "monthly_quota")]
    public void QuotaOfGoogles_KnowsItsWindow(string id, string reason) => Assert.Equal(reason, Answer.Read("gemini", 429,
        $$$"""{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaMetric":"x_requests","quotaId":"{{{id}}}","quotaValue":"50"}]}]}}""").Reason);

    [Theory]
    [InlineData("36", 36.0)]
    [InlineData("-36", null)]
    [InlineData("\"36s\"", 36.0)]
    public void RetryInfo_AsANumber_IsRead(string delay, double? seconds) => Assert.Equal(seconds, Answer.Read("gemini", 429,
        $$$"""{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":{{{delay}}}}]}}""").RetryAfterSeconds);

    [Theory]
    [InlineData("\"\"")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("false")]
    public void Error_ThatSaysNothing_IsNone(string error)
    {
        var body = $$$"""{"error":{{{error}}},"choices":[{"message":{"content":"x"},"error":{{{error}}}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}""";

        Assert.Equal((Reasons.Ok, 3), (Answer.Read("openai-compatible", 200, body).Reason, Answer.Read("openai-compatible", 200, body).Usage!.Value.InputTokens));
        Assert.Null(Stream($"data: {body}\n\n").Failure);
    }

    [Fact]
    public void ErrorInAChoice_IsAFailure()
    {
        var said = Answer.Read("openrouter", 200, """{"choices":[{"index":0,"error":{"code":502,"message":"gone"},"finish_reason":"error","message":{"content":""}}]}""");

        Assert.Equal((Reasons.ServerError, "gone"), (said.Reason, said.Message));
    }

    [Fact]
    public void Answer_AfterAByteOrderMark_IsRead() =>
        Assert.Equal(3, Answer.Read("openai", 200, "\uFEFF{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}").Usage!.Value.InputTokens);

    [Theory]
    [InlineData("event: error\ndata: {\"message\":\"gone\"}\n\n", "gone")]
    [InlineData("event: error\r\ndata: {\"message\":\"gone\"}\r\n\r\n", "gone")]
    [InlineData("event:error\ndata: Internal Server Error\n\n", "Internal Server Error")]
    [InlineData("data: {\"object\":\"error\",\"message\":\"gone\",\"type\":\"TooMany\",\"code\":429}\n\n", "gone")]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"error\":{\"code\":502,\"message\":\"gone\"},\"finish_reason\":\"error\"}]}\n\n", "gone")]
    [InlineData("data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"gone\"}}\n\n", "gone")]
    [InlineData("\uFEFFdata: {\"error\":{\"message\":\"gone\"}}\n\n", "gone")]
    public void ErrorInAStream_InAnyDialect_IsAFailure(string text, string message) => Assert.Equal(message, Stream(text).Failure?.Message);

    [Fact]
    public void FinishReasonError_IsAFailure() =>
        Assert.NotNull(Stream("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}]}\n\n").Failure);

    [Fact]
    public void FinishReason_ThatIsEmpty_IsNoEnd_AndNoContent()
    {
        var stream = Stream("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":\"\"}]}\n\n");

        Assert.Equal((false, true), (stream.HasContent, stream.LacksEnd));
    }

    [Fact]
    public void LimitOfNothing_OnASuccess_IsNone() => Assert.Empty(Answer.Read(
        "openai", 200, null, ("x-ratelimit-limit-requests", "0"), ("x-ratelimit-remaining-requests", "0")).Observation.Readings);

    [Theory]
    [InlineData("\"tokens\";q=100;w=60", "\"tokens\";r=0;t=30", Dimension.Tokens)]
    [InlineData("\"a\";q=100;w=60;qu=\"input-tokens\"", "\"a\";r=0;t=30", Dimension.InputTokens)]
    [InlineData("\"a\";q=100;w=60;qu=\"concurrent-requests\"", "\"a\";r=0;t=30", Dimension.Concurrent)]
    [InlineData("\"a\";q=100;w=60", "\"a\";r=0;t=30", Dimension.Requests)]
    public void Policy_CountsWhatItsUnitOrItsNameSays(string policy, string state, Dimension dimension) => Assert.Equal(
        dimension, Answer.Read("openai-compatible", 429, null, ("ratelimit-policy", policy), ("ratelimit", state)).Observation.Readings.Single().Dimension);

    [Fact]
    public void Policy_OfBytes_IsNoLimitOfOurs() => Assert.Empty(
        Answer.Read("openai-compatible", 200, null, ("ratelimit-policy", "\"a\";q=9;w=60;qu=\"content-bytes\""), ("ratelimit", "\"a\";r=5")).Observation.Readings);

    [Fact]
    public void Limits_OfAGateway_AreReadByTheirWindow()
    {
        var reading = Answer.Read("openai-compatible", 200, null, ("x-ratelimit-limit-minute", "60"), ("x-ratelimit-remaining-minute", "7")).Observation.Readings.Single();

        Assert.Equal((Dimension.Requests, TimeSpan.FromMinutes(1), 60, 7), (reading.Dimension, reading.Window, reading.Limit, reading.Remaining));
    }

    private static StreamUsageReader Stream(string text)
    {
        var stream = ProviderCatalog.Get("openai-compatible").ReadStream();
        stream.Append(Encoding.UTF8.GetBytes(text));
        return stream;
    }
}
