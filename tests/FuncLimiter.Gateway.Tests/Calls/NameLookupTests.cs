using System.Net;
using System.Net.Sockets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Calls;

/// <summary>Names whose lookup takes long, or never ends, harm the calls of their own accounts alone.</summary>
public sealed class NameLookupTests : IDisposable
{
    private const int Slow = 24;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly ManualResetEventSlim _found = new();
    private int _lookups;

    [Fact]
    public async Task Names_ThatAreNotFoundInTime_EndTheirCallsAtTheBound_AndHoldNobodyElseUp()
    {
        await using var gateway = await StartAsync(name => new Uri($"http://{name}.example"), LookUpSlowly);

        var slow = Enumerable.Range(0, 2 * Slow).Select(call => gateway.PostAsync("/v1/chat/completions", CallTo($"slow-{call % Slow}"))).ToList();
        await Until(() => Volatile.Read(ref _lookups) == Slow);
        for (var call = 0; call < 20; call++)
        {
            using var quick = await gateway.PostAsync("/v1/chat/completions", CallTo("quick")).WaitAsync(Longest);
            Assert.Equal(HttpStatusCode.OK, quick.StatusCode);
        }

        foreach (var call in slow)
        {
            using var answer = await call.WaitAsync(Longest);
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Contains("upstream_unreachable", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(Slow, _lookups);
    }

    [Fact]
    public async Task Name_ThatIsFoundAtLast_ServesLaterCalls()
    {
        await using var gateway = await StartAsync(name => new Uri($"http://{name}.example"), LookUpSlowly);

        using var early = await gateway.PostAsync("/v1/chat/completions", CallTo("slow-0")).WaitAsync(Longest);
        _found.Set();
        using var late = await gateway.PostAsync("/v1/chat/completions", CallTo("slow-0")).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.BadGateway, early.StatusCode);
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "\"code\":\"upstream_unreachable\"")]
    [InlineData("/v1/messages", "\"type\":\"error\"")]
    public async Task Name_ThatNobodyKnows_IsToldInTheCallersDialect(string path, string told)
    {
        await using var gateway = await StartAsync(name => new Uri($"http://{name}.example"), static _ => throw new SocketException((int)SocketError.HostNotFound));

        using var answer = await gateway.PostAsync(path, CallTo("slow-0")).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains(told, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // Whoever still waits for it goes on: it is not disposed of.
    public void Dispose() => _found.Set();

    private static string CallTo(string model) => $$"""{"model":"{{model}}","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""";

    private static async Task Until(Func<bool> isSo)
    {
        for (var end = DateTime.UtcNow + Longest; !isSo() && DateTime.UtcNow < end;)
        {
            await Task.Delay(5);
        }

        Assert.True(isSo());
    }

    private static async Task<TestGateway> StartAsync(Func<string, Uri> address, Func<string, IPAddress[]> lookUp)
    {
        var gateway = await TestGateway.StartAsync(
            provider => new GatewayConfiguration
            {
                Accounts = [.. Names.Select(name => new AccountConfiguration(name, "openai", null, new UriBuilder(address(name)) { Port = provider.Port }.Uri, "sk-1", [], [new ModelConfiguration(name, [], null)]))],
                Routes = [.. Names.Select(name => new RouteConfiguration(name, [$"{name}/{name}"], []))],
            },
            new GatewayOptions { ConnectTimeout = TimeSpan.FromSeconds(2), MaxAttempts = 1, Lookup = lookUp });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return gateway;
    }

    private static IEnumerable<string> Names => Enumerable.Range(0, Slow).Select(number => $"slow-{number}").Append("quick");

    private IPAddress[] LookUpSlowly(string name)
    {
        if (name.StartsWith("slow", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _lookups);
            _found.Wait();
        }

        return [IPAddress.Loopback];
    }
}
