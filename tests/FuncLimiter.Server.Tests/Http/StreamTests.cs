using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>Streams pass through the real process as they come, and whoever goes away is not waited for.</summary>
[TakesLong]
public sealed class StreamTests(SlowSetup setup) : IClassFixture<SlowSetup>
{
    [Theory]
    [InlineData("openai", 0, "[DONE]")]
    [InlineData("azure", 1, "[DONE]")]
    [InlineData("anthropic", 2, "message_stop")]
    public async Task Stream_PassesThroughAsItComes(string dialect, int place, string last)
    {
        var call = DialectCall.Of(dialect);
        var completed = setup.Provider.Report().Deployments[place].Completed;
        using var request = Request(call, 60);

        using var response = await setup.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        for (var chunk = 0; chunk < 5; chunk++)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        }

        // Five chunks are here while the provider, which takes six seconds, is still at it: nothing holds them back on the way.
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("data: {", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(completed, setup.Provider.Report().Deployments[place].Completed);
        using var rest = new StreamReader(stream);
        Assert.Contains(last, await rest.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", 0)]
    [InlineData("azure", 1)]
    [InlineData("anthropic", 2)]
    public async Task Caller_WhoLeavesAStream_EndsItAtTheProviderAndIsSettled(string dialect, int place)
    {
        var call = DialectCall.Of(dialect);
        var before = setup.Provider.Report().Deployments[place].Cancelled;
        using (var request = Request(call, 200))
        using (var response = await setup.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[50]);
        }

        await Wait.UntilAsync(() => setup.Provider.Report().Deployments[place].Cancelled == before + 1);
        await Wait.UntilAsync(() => setup.Provider.Report().Deployments[place].UnderWay == 0);
        await setup.AdmittedAsync();
    }

    [Theory]
    [InlineData("openai", 0)]
    [InlineData("azure", 1)]
    [InlineData("anthropic", 2)]
    public async Task Caller_WhoLeavesBeforeTheAnswer_EndsTheCallAtTheProvider(string dialect, int place)
    {
        var call = DialectCall.Of(dialect);
        var before = setup.Provider.Report().Deployments[place];
        using var gone = new CancellationTokenSource();
        using var request = Requests.Create(HttpMethod.Post, call.Path, call.Body(), ("x-api-key", Setup.AcmeKey));
        var sent = setup.Client.SendAsync(request, gone.Token);
        await Wait.UntilAsync(() => setup.Provider.Report().Deployments[place].UnderWay > before.UnderWay);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        await Wait.UntilAsync(() => setup.Provider.Report().Deployments[place].Cancelled == before.Cancelled + 1);
    }

    [Fact]
    public async Task Caller_WhoLeavesTheQueue_LeavesItsPlaceAndIsNeverSent()
    {
        var tight = new Setup { OpenAI = 30, BurstSeconds = 4 };
        await using var provider = await tight.StartDoubleAsync();
        using var folder = tight.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        using var gone = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 6).Select(_ =>
            server.Client.SendAsync(Requests.Create(HttpMethod.Post, DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey)), gone.Token)).ToList();
        await Wait.UntilAsync(() => calls.Any(call => call.IsCompleted));
        var waiting = -1;
        await Wait.UntilAsync(() => (waiting = WaitingAsync(server).GetAwaiter().GetResult()) > 0);

        await gone.CancelAsync();

        await Wait.UntilAsync(() => WaitingAsync(server).GetAwaiter().GetResult() == 0);
        var sent = provider.Report().Calls;
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Equal(sent, provider.Report().Calls);
        Assert.InRange(sent, 1, 5);
    }

    private static async Task<int> WaitingAsync(ServerProcess server) => (await server.Client.FetchAsync("/status")).Json["waiting"]!.GetValue<int>();

    private static HttpRequestMessage Request(DialectCall call, int tokens) =>
        Requests.Create(HttpMethod.Post, call.Path, call.Body(maxTokens: tokens, stream: true), ("x-api-key", Setup.AcmeKey));
}
