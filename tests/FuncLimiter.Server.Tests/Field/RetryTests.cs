namespace FuncLimiter.Server.Tests.Field;

/// <summary>When attempts are spent, the caller gets the provider's own answer, and is told not to begin anew.</summary>
[Collection(TimesCases.Name)]
public sealed class RetryTests(TimesSetup setup)
{
    private const string Unavailable = """{"error":{"message":"Service unavailable","type":"server_error","param":null,"code":null}}""";

    internal static FieldCase[] Cases => [new("retry-503", "openai"), new("retry-429", "openai"), new("retry-down", "openai")];

    internal static void Begin(FieldServer server, BeginCase begin)
    {
        server["retry-503"].A.Answer = FieldAnswers.Json(503, Unavailable);
        server["retry-429"].A.Answer = FieldAnswers.Refusal(429, "Rate limit reached");
        server["retry-down"].A.Answer = FieldAnswers.Json(503, Unavailable, ("Retry-After", "300"));
        begin("retry-503", async one => [await server.ChatAsync(one)]);
        begin("retry-429", async one => [await server.ChatAsync(one)]);
        begin("retry-down", async one =>
        [
            await server.ChatAsync(one, ("X-Priority", "interactive")), await server.ChatAsync(one, ("X-Priority", "interactive")),
        ]);
    }

    [Theory]
    [InlineData("retry-503", 503)]
    [InlineData("retry-429", 429)]
    public async Task Failure_OfEveryAttempt_IsPassedOnForGood(string name, int status)
    {
        var reply = Assert.Single(await setup.RepliesAsync(name));

        Assert.True(reply.Status == status, reply.ToString());
        Assert.Equal("false", reply.Header("x-should-retry"));
        Assert.InRange(setup.Server[name].A.Requests.Count, 2, 6);
    }

    [Fact]
    public async Task Provider_ThatIsDown_IsNotCalledFull()
    {
        var replies = await setup.RepliesAsync("retry-down");

        HintTests.AssertTold(replies, 503, setup.Server["retry-down"].A.Requests[0].At, TimeSpan.FromSeconds(300));
        Assert.All(replies, reply => Assert.DoesNotContain("is full", reply.Text, StringComparison.Ordinal));
    }
}
