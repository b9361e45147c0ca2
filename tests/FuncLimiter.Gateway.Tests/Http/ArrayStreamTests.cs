using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Gemini streams one JSON array where nobody asks for events: it fails over, breaks and is charged as any stream.</summary>
public class ArrayStreamTests
{
    private const string Path = "/v1beta/models/pool:streamGenerateContent";
    private const string Body = """{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}""";
    private const string First = """[{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}""";

    private const string Last =
        """,{"candidates":[{"content":{"parts":[{"text":"lo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9}}]""";

    [Fact]
    public async Task Array_GoesByUntouched_AndIsCharged()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, First + Last);

        using var response = await gateway.PostAsync(Path, Body);

        Assert.Equal(First + Last, await response.Content.ReadAsStringAsync());
        var record = await gateway.Usage.SingleAsync();
        Assert.Equal((UsageOutcome.Answered, 7, 2), (record.Outcome, record.Usage?.InputTokens, record.Usage?.OutputTokens));
    }

    [Fact]
    public async Task ErrorBeforeContent_IsFailedOver()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 200, """[{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}]"""),
            context => FakeProvider.WriteAsync(context, 200, First + Last));

        using var response = await gateway.PostAsync(Path, Body);

        Assert.Equal(First + Last, await response.Content.ReadAsStringAsync());
        Assert.Equal(2, gateway.Provider.Requests.Count);
    }

    [Fact]
    public async Task Array_WithoutItsEnd_IsBrokenOff_AndCountedSo()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, First);

        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await gateway.PostAsync(Path, Body);
            await response.Content.ReadAsStringAsync();
        });

        Assert.Equal(UsageOutcome.Failed, (await gateway.Usage.SingleAsync()).Outcome);
    }

    [Fact]
    public async Task Prompt_ThatIsBlocked_IsAnAnswer()
    {
        const string blocked = """[{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}]""";
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(200, blocked);

        using var response = await gateway.PostAsync(Path, Body);

        Assert.Equal(blocked, await response.Content.ReadAsStringAsync());
        Assert.Equal(UsageOutcome.Answered, (await gateway.Usage.SingleAsync()).Outcome);
    }

    private static Task<TestGateway> StartAsync() => TestGateway.StartAsync(provider => new GatewayConfiguration
    {
        Accounts = [Account("one", provider), Account("two", provider)],
        Routes = [new("pool", ["one/gemini-x"], ["two/gemini-x"])],
    });

    private static AccountConfiguration Account(string id, Uri provider) =>
        new(id, "gemini", null, new Uri(provider, "/v1beta/models"), Samples.AccountKey, [], [new ModelConfiguration("gemini-x", [], null)]);
}
