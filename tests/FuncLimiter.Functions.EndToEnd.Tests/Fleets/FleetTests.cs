using System.ClientModel;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Server.Tests.Processes;
using OpenAI;
using OpenAI.Chat;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Fleets;

/// <summary>
/// Fifty agents on the official package against a provider that charges prompt and max_tokens. The variable FLEET_SECONDS makes the run
/// longer than the suite has time for; each prints its figures.
/// </summary>
[TakesLong]
public sealed class FleetTests(ITestOutputHelper output)
{
    private const int Agents = 50;
    private const double TokensPerMinute = 120_000;
    private const string ProviderKey = Setup.ProviderKey;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("FLEET_SECONDS") ?? "25", CultureInfo.InvariantCulture));

    private readonly ConcurrentQueue<(double At, double Took, double Waited)> _calls = [];

    [EndToEndTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Fleet_OverSomeHosts_KeepsOneLimit(int hosts)
    {
        await using var provider = await StartProviderAsync();
        await using var setup = await AppSetup.CreateAsync(Configuration(provider));
        await using var first = await setup.StartAsync();
        await using var second = hosts > 1 ? await setup.StartAsync() : null;
        var firstCall = await FirstCallAsync(first);

        var before = provider.Provider.Tell();
        await RunAsync([.. new[] { first, second }.OfType<AppProcess>().Select(app => app.Client.BaseAddress!)]);

        var truth = Tell($"hosts: {hosts}", provider, before, firstCall);
        var turns = await TurnsAsync(first) + (second is null ? 0 : await TurnsAsync(second));

        output.WriteLine($"turns of entities: {turns} in {_calls.Count} calls, {1000d * turns / _calls.Count:0.0} per 1,000");
        Assert.True(_calls.Count > Agents, $"{_calls.Count} calls were answered.");
        Assert.InRange(truth.Limits[0].MostUsed, 1, truth.Limits[0].Whole * 1.0001);
    }

    private static Task<ProviderServer> StartProviderAsync() => ProviderServer.StartAsync(new Settings
    {
        Deployments =
        [
            new Deployment(ProviderKey, "gpt-x", Api.OpenAI) { Limits = [new Limit(Counts.Tokens, TokensPerMinute)], Charge = ChargeRule.PromptPlusMax },
        ],
    });

    private static object Configuration(ProviderServer provider) => new
    {
        accounts = new[]
        {
            new
            {
                id = "openai-1",
                provider = "openai",
                endpoint = provider.Address.ToString().TrimEnd('/'),
                apiKey = "${PROVIDER_KEY}",
                models = new[] { new { model = "gpt-x", limits = new { tpm = TokensPerMinute } } },
            },
        },
        tenants = new[] { new { id = "acme", keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Setup.AcmeKey)))}" } } },
    };

    private static async Task<int> CallAsync(HttpClient client) => (await client.PostAsync(
        "/v1/chat/completions", """{"model":"gpt-x","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""", ("x-api-key", Setup.AcmeKey))).Status;

    /// <summary>Makes the first call, once the instance has asked for leases by itself.</summary>
    private static async Task<TimeSpan> FirstCallAsync(AppProcess app)
    {
        var clock = Stopwatch.StartNew();
        while (await TurnsAsync(app) == 0)
        {
            Assert.True(clock.Elapsed < AppProcess.Longest, "Nothing was asked of entities before the first call.");
            await Task.Delay(100);
        }

        clock.Restart();
        Assert.Equal(200, await CallAsync(app.Client));
        return clock.Elapsed;
    }

    /// <summary>How often entities ran at a host.</summary>
    private static async Task<long> TurnsAsync(AppProcess app) =>
        (await app.Client.FetchAsync("/admin/invocations")).Json["BudgetEntity"]?.GetValue<long>() ?? 0;

    /// <summary>Runs the agents, each at one of the addresses, call after call.</summary>
    private async Task RunAsync(params Uri[] addresses)
    {
        var clock = Stopwatch.StartNew();
        using var end = new CancellationTokenSource(Time);
        await Task.WhenAll(Enumerable.Range(0, Agents).Select(agent => Task.Run(async () =>
        {
            var chat = new OpenAIClient(new ApiKeyCredential(Setup.AcmeKey), new OpenAIClientOptions { Endpoint = new Uri(addresses[agent % addresses.Length], "/v1") })
                .GetChatClient("gpt-x");
            while (clock.Elapsed < Time)
            {
                var begun = clock.Elapsed;
                try
                {
                    var completion = await chat.CompleteChatAsync(
                        [new UserChatMessage($"Agent {agent} asks what {clock.Elapsed} means, and wants it said in a few words that anybody understands.")],
                        new ChatCompletionOptions { MaxOutputTokenCount = 300 }, end.Token);
                    var waited = completion.GetRawResponse().Headers.TryGetValue("X-FuncLimiter-Waited-Ms", out var ms) ? double.Parse(ms!, CultureInfo.InvariantCulture) : 0;
                    _calls.Enqueue((begun.TotalSeconds, (clock.Elapsed - begun).TotalMilliseconds, waited));
                }
                catch (Exception failure) when (failure is ClientResultException or OperationCanceledException or AggregateException)
                {
                    // Refused after the package's own tries, or the time is over.
                }
            }
        })));
    }

    private DeploymentTruth Tell(string name, ProviderServer provider, Truth before, TimeSpan firstCall)
    {
        var truth = provider.Provider.Tell();
        var (was, now) = (before.Deployments[0], truth.Deployments[0]);
        var seconds = truth.Seconds - before.Seconds;
        double[] refused = [.. now.RefusedAt.Skip(was.RefusedAt.Count).Select(at => at - before.Seconds)];
        var most = TokensPerMinute + (TokensPerMinute / 60 * seconds);
        output.WriteLine($"{name}, {seconds:0} s: first call {firstCall.TotalSeconds:0.0} s; accepted {now.Accepted - was.Accepted}; "
            + $"refused in the first minute {refused.Count(at => at < 60)}, after it {refused.Count(at => at >= 60)}; "
            + $"use {(now.Limits[0].Charged - was.Limits[0].Charged) / most:0.000}; answered {_calls.Count}");
        return now;
    }
}
