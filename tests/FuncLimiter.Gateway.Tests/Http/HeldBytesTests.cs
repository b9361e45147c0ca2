using System.Net;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>The bodies of calls that wait hold no more memory than they may, and no tenant's keep another's out.</summary>
public class HeldBytesTests
{
    private const int Megabyte = 1024 * 1024;
    private const int Bound = 64 * Megabyte;
    private static readonly string Large = Samples.Chat.Replace("Hi", new string('x', 10 * Megabyte), StringComparison.Ordinal);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private static readonly (string, string) Acme = ("x-api-key", Samples.AcmeKey);
    private static readonly (string, string) Globex = ("x-api-key", "fl-globex-key");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bodies_BeyondTheBound_AreRefusedAtOnce_AndTakenOnceThereIsRoom(bool isChunked)
    {
        await using var gateway = await TestGateway.StartAsync(Bounded);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        gateway.Limiter.Hold = new TaskCompletionSource();
        var waiting = new List<Task<HttpResponseMessage>>();
        for (var i = 0; i < 3; i++)
        {
            waiting.Add(await WaitingAsync(gateway, Acme));
        }

        using var refused = await PostAsync(gateway, Acme, isChunked).WaitAsync(Longest);
        waiting.Add(await WaitingAsync(gateway, Globex));
        gateway.Limiter.Hold.SetResult();
        var answers = await Task.WhenAll(waiting).WaitAsync(Longest);
        using var later = await PostAsync(gateway, Acme, isChunked).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("5", refused.Headers.NonValidated["Retry-After"].ToString());
        Assert.Contains("too_many_bytes_waiting", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    // Wrapped, so that the call itself is not waited for.
    private static async Task<Task<HttpResponseMessage>> WaitingAsync(TestGateway gateway, (string, string) tenant)
    {
        var before = gateway.Limiter.Requests.Count;
        var call = PostAsync(gateway, tenant, isChunked: false);
        for (var i = 0; gateway.Limiter.Requests.Count == before; i++)
        {
            Assert.True(i < 1_000 && !call.IsCompleted, call.IsCompletedSuccessfully ? $"{(await call).StatusCode}" : "The call did not come to wait.");
            await Task.Delay(10);
        }

        return call;
    }

    private static Task<HttpResponseMessage> PostAsync(TestGateway gateway, (string, string) tenant, bool isChunked) => gateway.SendAsync(
        HttpMethod.Post,
        "/v1/chat/completions",
        new StringContent(Large, System.Text.Encoding.UTF8, "application/json"),
        CancellationToken.None,
        isChunked ? [tenant, ("Transfer-Encoding", "chunked")] : [tenant]);

    private static GatewayConfiguration Bounded(Uri provider)
    {
        var keyed = Samples.Keyed(provider);
        return keyed with { Queue = keyed.Queue with { MaxWaitingBytes = Bound } };
    }
}
