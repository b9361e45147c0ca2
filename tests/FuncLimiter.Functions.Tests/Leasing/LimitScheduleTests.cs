using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Operations.Limits;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>Limits that a timer of the app reads from the provider, and that all its instances go by.</summary>
public class LimitScheduleTests
{
    private const string Budget = "deployment:one/gpt-x";

    private const string Configuration = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "limitSource": { "adminKey": "${KEY}", "project": "proj_1", "everySeconds": 60 },
            "models": [{ "model": "gpt-x", "limits": "auto" }, { "model": "gpt-y", "limits": { "rpm": 500 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"] }]
        }
        """;

    [Fact]
    public void Limits_AreReadOnce_GoneByOnEveryInstance_AndFollowedAsTheyChange()
    {
        var upstream = new UpstreamDouble { Limits = _ => (HttpStatusCode.OK, Told(6_000, 600_000)) };
        AppWorld.Run(
            async world =>
            {
                world.RenewLeases();
                await RunAsync(world);
                var owners = await OwnersAsync(world);
                Assert.Equal<IEnumerable<long>>([6_000, 600_000], owners.Amounts[Budget]);
                Assert.Equal<IEnumerable<long>>([500], owners.Amounts["deployment:one/gpt-y"]);

                await SeenAsync(world, 6_000);
                upstream.Limits = _ => (HttpStatusCode.OK, Told(3_000, 600_000));
                await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
                await RunAsync(world);

                await SeenAsync(world, 3_000);
            },
            new HubOptions { Workers = 3 },
            Configuration,
            upstream);
    }

    /// <summary>Of gpt-y a person wrote 500; nobody wrote a limit of gpt-x.</summary>
    [Fact]
    public void Limit_ThatIsToldNoMore_IsWhatAPersonWrote_AndWhatNobodyWroteStands()
    {
        var upstream = new UpstreamDouble { Limits = _ => (HttpStatusCode.OK, Told(6_000, 600_000).Replace("9000", "300", StringComparison.Ordinal)) };
        AppWorld.Run(
            async world =>
            {
                await RunAsync(world);
                Assert.Equal<IEnumerable<long>>([300], (await OwnersAsync(world)).Amounts["deployment:one/gpt-y"]);

                upstream.Limits = _ => (HttpStatusCode.OK, Told(6_000, 600_000).Replace("gpt-", "another-", StringComparison.Ordinal));
                await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
                await RunAsync(world);

                var owners = await OwnersAsync(world);
                Assert.Equal<IEnumerable<long>>([500], owners.Amounts["deployment:one/gpt-y"]);
                Assert.Equal<IEnumerable<long>>([6_000, 600_000], owners.Amounts[Budget]);
                Assert.Equal(["deployment:one/gpt-y"], world.Get<LimitBoard>().Of("one")!.Withdrawn.Select(gone => gone.Budget));
            },
            configuration: Configuration,
            upstream: upstream);
    }

    [Fact]
    public void Source_ThatRefuses_LeavesWhatWasToldBefore()
    {
        var upstream = new UpstreamDouble { Limits = _ => (HttpStatusCode.OK, Told(6_000, 600_000)) };
        AppWorld.Run(
            async world =>
            {
                await RunAsync(world);
                var before = await OwnersAsync(world);

                upstream.Limits = _ => (HttpStatusCode.Forbidden, """{ "error": { "message": "You have insufficient permissions for this operation." } }""");
                await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
                await RunAsync(world);

                Assert.Equal(before.Sequence, (await OwnersAsync(world)).Sequence);
                Assert.StartsWith("403", world.Get<LimitBoard>().Of("one")!.Fault, StringComparison.Ordinal);
            },
            configuration: Configuration,
            upstream: upstream);
    }

    // An instance learns with its next lease, for which calls must come.
    private static async Task SeenAsync(AppWorld world, long requests)
    {
        for (var worker = 0; worker < world.Hub.Workers.Count; worker++)
        {
            var limiter = world.Get<EmbeddedLimiter>(worker);
            var end = world.Time.GetUtcNow() + TimeSpan.FromMinutes(5);
            while (Meter(limiter).Read != requests)
            {
                Assert.True(world.Time.GetUtcNow() < end, $"Instance {worker} goes by {Meter(limiter).Read}.");
                _ = limiter.AdmitAsync(new AdmissionRequest("gpt-x", "acme", null, Priority.Standard, new Charge(1, 10, 5, 5, 0), [new Charge(1, 10, 5, 5, 0)]), CancellationToken.None).AsTask();
                await Task.Delay(TimeSpan.FromSeconds(2), world.Time);
            }
        }
    }

    private static MeterReport Meter(EmbeddedLimiter limiter) =>
        limiter.Report().Budgets.Single(budget => budget.Name == Budget).Meters.Single(meter => meter.Dimension == Dimension.Requests);

    private static async Task RunAsync(AppWorld world)
    {
        var schedule = new LimitSchedule(
            world.Get<LeaseSource>(), world.Get<LimitReader>(), world.Get<LimitBoard>(), world.Get<DurableClientSource>(), world.Time, NullLogger<LimitSchedule>.Instance);
        await schedule.RunAsync(null!, world.Hub.Client(world.Hub.Workers[0]), CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2), world.Time);
    }

    private static async Task<ScopeLimits> OwnersAsync(AppWorld world)
    {
        while (world.Hub.Entity(BudgetOperations.Owner("account:one")).State is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), world.Time);
        }

        return Wire.Read<OwnerState>(world.Hub.Entity(BudgetOperations.Owner("account:one")).State)!.Limits!;
    }

    private static string Told(long requests, long tokens) => $$"""
        { "object": "list", "has_more": false, "data": [
          { "id": "rl-1", "object": "project.rate_limit", "model": "gpt-x", "max_requests_per_1_minute": {{requests}}, "max_tokens_per_1_minute": {{tokens}} },
          { "id": "rl-2", "object": "project.rate_limit", "model": "gpt-y", "max_requests_per_1_minute": 9000, "max_tokens_per_1_minute": 9 }] }
        """;
}
