using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Calls;

/// <summary>
/// What the app adds to a call's time, and which part of that is whose. A function that does nothing takes what the host's front, the
/// worker's protocol and the worker itself take; what a call takes beyond that and the provider's own time is the app's. Processes that
/// began just now compile what they run, which is told apart: what is published is compiled ahead.
/// </summary>
[TakesLong]
public sealed class LatencyTests(ITestOutputHelper output)
{
    private const int Calls = 200;
    private const int Between = 400;
    private const string Nothing = "/health/live";

    /// <summary>A path that the host answers by itself.</summary>
    private const string HostsOwn = "/admin/invocations";

    [EndToEndFact]
    public async Task Call_ThatWaitsForNothing_IsAnsweredMillisecondsLaterThanByTheProviderItself()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        await using var app = await setup.StartAsync();
        using var folder = new Setup().Folder(setup.Provider.BaseAddress);
        await using var server = await folder.StartAsync();
        using var provider = new HttpClient { BaseAddress = setup.Provider.BaseAddress };
        Part[] parts =
        [
            new(() => CallAsync(provider, "Authorization", $"Bearer {Setup.ProviderKey}")),
            new(() => LookAsync(server.Client, Nothing)),
            new(() => CallAsync(server.Client, "x-api-key", Setup.AcmeKey)),
            new(() => LookAsync(app.Client, HostsOwn)),
            new(() => LookAsync(app.Client, Nothing)),
            new(() => CallAsync(app.Client, "x-api-key", Setup.AcmeKey)),
        ];
        for (var round = 0; round < Calls + Between + Calls; round++)
        {
            foreach (var part in parts)
            {
                await part.TimeAsync();
            }
        }

        Tell("the first", [.. parts.Select(part => part.Median(0))]);
        var (added, addedByServer) = Tell("later", [.. parts.Select(part => part.Median(Calls + Between))]);

        // The machine may be busy: then the embedded server takes longer too.
        Assert.InRange(added, 0, 10 + (10 * Math.Max(0, addedByServer)));
    }

    /// <summary>The owner's entity begins, and lends, before the first can go out.</summary>
    [EndToEndTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FirstCalls_OfAFreshTaskHub_AreAnswered_WarmedUpOrNot(bool isWarmedUp)
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        var begun = Stopwatch.GetTimestamp();
        await using var app = await setup.StartAsync(isWarmedUp);
        var started = Stopwatch.GetElapsedTime(begun);
        for (var call = 1; call <= 3; call++)
        {
            begun = Stopwatch.GetTimestamp();
            var reply = await app.Client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey));
            var took = Stopwatch.GetElapsedTime(begun);
            var waited = TimeSpan.FromMilliseconds(double.Parse(reply.Headers.GetValueOrDefault("X-FuncLimiter-Waited-Ms", "0"), CultureInfo.InvariantCulture));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"started after {started.TotalSeconds:0.0} s; call {call}: {took.TotalMilliseconds:0} ms, of which {waited.TotalMilliseconds:0} ms waiting for its turn"));

            Assert.True(reply.Status == 200, reply.Text);
            Assert.InRange(waited, TimeSpan.Zero, took);
        }
    }

    private (double Added, double AddedByServer) Tell(string name, double[] medians)
    {
        var (direct, serverAlone, server, host, worker, app) = (medians[0], medians[1], medians[2], medians[3], medians[4], medians[5]);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {name} {Calls} calls, at the median: added {app - direct:0.0} ms to the provider's own {direct:0.0} ms
              {host:0.0} ms the host's front, {worker - host:0.0} ms from there into a function and back, {app - worker - direct:0.0} ms what the app does
              by the embedded server {server - direct:0.0} ms: {serverAlone:0.0} ms its front, {server - serverAlone - direct:0.0} ms what it does
            """));
        return (app - direct, server - direct);
    }

    private static async Task CallAsync(HttpClient client, string header, string value)
    {
        var reply = await client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), (header, value));
        Assert.True(reply.Status == 200, reply.Text);
    }

    private static async Task LookAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, path);
    }

    private sealed record Part(Func<Task> RunAsync)
    {
        private readonly List<double> _times = [];

        public double Median(int from) => _times.Skip(from).Take(Calls).Order().ElementAt(Calls / 2);

        public async Task TimeAsync()
        {
            var begun = Stopwatch.GetTimestamp();
            await RunAsync();
            _times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
    }
}
