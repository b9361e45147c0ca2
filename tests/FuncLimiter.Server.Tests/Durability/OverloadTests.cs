using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;
using Xunit.Abstractions;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>Ten times more callers than can be served: those beyond are told so early, the others are served, and after it all is as before.</summary>
public sealed class OverloadTests(ITestOutputHelper output)
{
    private const int AtOnce = 20;
    private const int Waiting = 40;
    private const int Callers = 10 * (AtOnce + Waiting);
    private const string Call = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Server_WithTenTimesMoreCallersThanItServes_RefusesEarly_ServesTheOthers_AndIsAsBeforeAfterIt()
    {
        await using var provider = await ProviderDouble.StartAsync(new ProviderDoubleOptions
        {
            Deployments =
            [
                new DeploymentOptions(Setup.ProviderKey, "gpt-x") { Limits = [LimitOptions.Rpm(1_000_000, 60)], Latency = new LatencyOptions(TimeSpan.FromMilliseconds(300), TimeSpan.Zero) },
            ],
        });
        using var folder = new ServerFolder(new
        {
            accounts = new[] { new { id = "one", provider = "openai", endpoint = provider.BaseAddress, apiKey = "${PROVIDER_KEY}", models = new[] { new { model = "gpt-x", limits = new { rpm = 1_000_000, concurrent = AtOnce } } } } },
            queue = new { maxWaiting = Waiting },
        }).With("PROVIDER_KEY", Setup.ProviderKey);
        await using var server = await folder.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Callers }) { BaseAddress = server.Client.BaseAddress, Timeout = Longest };
        await AskAsync(client);

        var before = await AskAsync(client);
        var answers = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => AskAsync(client)));
        var ended = Stopwatch.StartNew();
        var after = await AskAsync(client);
        for (; after.Status != HttpStatusCode.OK || after.Took > 3 * before.Took + TimeSpan.FromSeconds(1); after = await AskAsync(client))
        {
            Assert.True(ended.Elapsed < Longest, $"A minute after the load a call takes {after.Took} and is answered {after.Status}.");
        }

        var served = answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.Took).Order().ToList();
        var refused = answers.Where(answer => answer.Status != HttpStatusCode.OK).ToList();
        var late = refused.Select(answer => answer.Took).Order().ToList();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Callers} callers: {served.Count} served, p99 {served[served.Count * 99 / 100].TotalMilliseconds:N0} ms; {refused.Count} refused, p50 {late[late.Count / 2].TotalMilliseconds:N0} ms, p99 {late[late.Count * 99 / 100].TotalMilliseconds:N0} ms; normal again after {ended.Elapsed.TotalMilliseconds:N0} ms"));

        Assert.InRange(served.Count, AtOnce + Waiting, Callers - 1);
        Assert.All(refused, answer => Assert.True(answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && answer.RetryAfter > 0, $"{answer}"));
        // Whoever is refused is told before most of those who are served.
        Assert.True(late[late.Count / 2] < served[^1], $"Half of the refusals took {late[late.Count / 2]}, and the slowest call {served[^1]}.");
        Assert.Equal(0, await server.StopAsync());
    }

    private static async Task<Answer> AskAsync(HttpClient client)
    {
        var clock = Stopwatch.StartNew();
        using var answer = await client.PostAsync("/v1/chat/completions", new StringContent(Call, Encoding.UTF8, "application/json"));
        await answer.Content.ReadAsByteArrayAsync();
        return new Answer(answer.StatusCode, clock.Elapsed, answer.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0);
    }

    private sealed record Answer(HttpStatusCode Status, TimeSpan Took, double RetryAfter);
}
