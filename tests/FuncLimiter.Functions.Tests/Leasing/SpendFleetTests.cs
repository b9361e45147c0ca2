using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Providers.Dialects;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>A run whose steps call from several instances at once, under one budget that an entity owns, in virtual time.</summary>
public class SpendFleetTests(ITestOutputHelper output)
{
    private const decimal AnswerUsd = 0.005m;

    // An answer costs 5 tokens of a thousandth of a dollar; it may come to 20.
    private const string Configuration = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 60000, "tpm": 60000000 }, "price": { "input": 0, "output": 1000 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"] }],
          "budgets": [{ "for": "run", "usd": 1, "keepForClosing": 0.1 }]
        }
        """;

    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":20}""");

    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    [InlineData(10, 0.2)]
    public void FiftyParallelSteps_OverManyInstances_StayWithinTheRunsDollar(int instances, double entitySeconds)
    {
        var upstream = new UpstreamDouble();
        var (ordinary, closing, after) = (0, 0, 0);
        var begun = 0;
        AppWorld.Run(
            async world =>
            {
                Begin(world, instances);
                await Task.WhenAll(Enumerable.Range(0, 50).Select(step => StepsAsync(world, step % instances)));
                ordinary = upstream.Calls.Count;
                closing = await CallAsync(world, 0, isClosing: true);
                after = await CallAsync(world, 1, isClosing: true);
                begun = world.Hub.EntityOperations;
            },
            new HubOptions { Workers = instances, EntityDelay = TimeSpan.FromSeconds(entitySeconds), Seed = 5 },
            Configuration,
            upstream);

        output.WriteLine($"{ordinary} calls, {ordinary * AnswerUsd} USD, {begun} operations of entities");
        Assert.True(ordinary * AnswerUsd <= 0.9m, $"{ordinary} calls");

        // What many instances can't agree on is the room of a call or two each.
        Assert.True(ordinary * AnswerUsd >= 0.7m, $"{ordinary} calls");
        Assert.Equal(200, closing);
        Assert.Equal(ordinary + 1 + (after == 200 ? 1 : 0), upstream.Calls.Count);
        Assert.True(upstream.Calls.Count * AnswerUsd <= 1);
    }

    [Fact]
    public void InstanceThatDies_LeavesTheRunWithinItsBudget()
    {
        var upstream = new UpstreamDouble();
        AppWorld.Run(
            async world =>
            {
                Begin(world, 3);
                var steps = Enumerable.Range(0, 30).Select(step => StepsAsync(world, step % 3)).ToArray();
                await Task.Delay(TimeSpan.FromSeconds(4), world.Time);
                world.Hub.Crash(world.Hub.Workers[1]);
                Begin(world, 3);
                await Task.Delay(TimeSpan.FromSeconds(90), world.Time);
                await Task.WhenAll(Enumerable.Range(0, 30).Select(step => StepsAsync(world, step % 3)));
            },
            new HubOptions { Workers = 3, Seed = 5 },
            Configuration,
            upstream);

        output.WriteLine($"{upstream.Calls.Count * AnswerUsd} USD");
        Assert.InRange(upstream.Calls.Count * AnswerUsd, 0.5m, 0.9m);
    }

    [Fact]
    public void Raise_AtOneInstance_LetsTheRunGoOnAtAnother()
    {
        var upstream = new UpstreamDouble();
        var (spent, raised, again) = (0, false, 0);
        AppWorld.Run(
            async world =>
            {
                Begin(world, 3);
                await Task.WhenAll(Enumerable.Range(0, 9).Select(step => StepsAsync(world, step % 3)));
                spent = await CallAsync(world, 2);
                raised = await world.Get<ISpendOwners>(0).RaiseAsync(new("run:acme/r", "a", new(1_000_000_000, 0, 0), 0), CancellationToken.None);
                await world.Get<ISpendOwners>(1).RaiseAsync(new("run:acme/r", "a", new(1_000_000_000, 0, 0), 0), CancellationToken.None);
                await Task.Delay(TimeSpan.FromSeconds(15), world.Time);
                again = await CallAsync(world, 2);
                await Task.WhenAll(Enumerable.Range(0, 9).Select(step => StepsAsync(world, step % 3)));
            },
            new HubOptions { Workers = 3, Seed = 5 },
            Configuration,
            upstream);

        Assert.Equal((429, true, 200), (spent, raised, again));
        Assert.InRange(upstream.Calls.Count * AnswerUsd, 1.5m, 1.8m);
    }

    private static void Begin(AppWorld world, int instances)
    {
        world.RenewLeases();
        for (var instance = 0; instance < instances; instance++)
        {
            var renewal = new SpendRenewal(world.Get<SpendDesk>(instance), world.Get<ISpendOwners>(instance), world.Time, (_, failure) => Assert.Fail(failure.ToString()));
            _ = renewal.RunAsync(CancellationToken.None);
        }
    }

    private static async Task StepsAsync(AppWorld world, int instance)
    {
        var worker = world.Hub.Workers[instance];
        while (worker.IsAlive && await CallAsync(world, instance) == 200)
        {
        }
    }

    private static async Task<int> CallAsync(AppWorld world, int instance, bool isClosing = false)
    {
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, Body, null, out var facts, out _));
        var caller = new Caller("acme", null, Priority.Standard, null, null, "r") { IsClosing = isClosing };
        var result = await world.Get<ICallExecutor>(instance).ExecuteAsync(new CallEnvelope(Dialect.OpenAI, facts, Body, caller, "", []), CancellationToken.None);
        return result.Status;
    }
}
