using System.Globalization;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>A refusal of one request for its size, or for want of the provider's capacity, is not taken for a full limit.</summary>
[Collection(BodiesCases.Name)]
public sealed class VerdictTests(BodiesSetup setup)
{
    private FieldServer Server => setup.Server;

    [Fact]
    public Task LongContext_ThatThePlanLacks_IsRefusedForGoodAndClosesNothing() => AssertRefusedForGoodAsync(
        "verdict-plan",
        FieldBodies.MessagePath,
        FieldBodies.Message,
        FieldAnswers.Json(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Extra usage is required for long context requests."},"request_id":"req_1"}"""));

    [Fact]
    public Task Request_LargerThanTheLimitByTheProvidersWords_IsRefusedForGoodAndClosesNothing() => AssertRefusedForGoodAsync(
        "verdict-size",
        FieldBodies.ChatPath,
        FieldBodies.Chat,
        FieldAnswers.Refusal(429, "Rate limit reached for model `m` on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 2.5s."),
        told: 7000);

    [Fact]
    public async Task Capacity_ThatTheProviderLacks_LowersNoLimit()
    {
        var one = Server["verdict-capacity"];
        one.A.Answer = OnlyWhenShort(FieldAnswers.Json(429, """{"error":{"code":429,"message":"No capacity available for model m on the server","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"MODEL_CAPACITY_EXHAUSTED","domain":"cloudcode-pa.googleapis.com"}]}}"""));

        var reply = await Server.PostAsync(one, FieldBodies.ChatPath, FieldBodies.Chat(one, "LONG"));

        Assert.True(reply.Status >= 400, reply.ToString());
        await Server.AssertLimitsKeptAsync(one);
    }

    [Fact]
    public async Task Request_TooLargeForOneAccount_IsServedByAnother()
    {
        var one = Server["verdict-elsewhere"];
        one.A.Answer = FieldAnswers.Refusal(429, $"Request too large for {one.Model} on tokens per min (TPM): Limit 30000, Requested 34472.");

        var reply = await Server.ChatAsync(one);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Contains("from B", reply.Text, StringComparison.Ordinal);
        Assert.Single(one.A.Requests);
        Assert.Single(one.B.Requests);
        await Server.AssertLimitsKeptAsync(one, orTokens: 30_000);
    }

    private static FieldAnswer OnlyWhenShort(FieldAnswer refusal)
    {
        var whole = FieldAnswers.Whole();
        return (request, context) => (request.Text.Contains("LONG", StringComparison.Ordinal) ? refusal : whole)(request, context);
    }

    private async Task AssertRefusedForGoodAsync(
        string name, string path, Func<FieldCase, string, string> body, FieldAnswer refusal, double? told = null)
    {
        var one = Server[name];
        one.A.Answer = OnlyWhenShort(refusal);

        var refused = await Server.PostAsync(one, path, body(one, "LONG"));

        Assert.True(refused.Status >= 400, refused.ToString());
        Assert.Equal("false", refused.Header("x-should-retry"));
        Assert.Single(one.A.Requests);
        await Server.AssertLimitsKeptAsync(one, told);
        var next = await Server.PostAsync(one, path, body(one, "Say hi."));
        Assert.True(next.Status == 200, next.ToString());
        Assert.InRange(int.Parse(next.Header("X-FuncLimiter-Waited-Ms")!, CultureInfo.InvariantCulture), 0, 999);
    }
}
