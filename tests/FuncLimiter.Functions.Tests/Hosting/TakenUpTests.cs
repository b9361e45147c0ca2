using System.Text.Json.Nodes;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Hosting;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Operations.Admin;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What operators change in the file or store over it is taken up within a minute, by every running instance and by the owners of budgets.</summary>
public class TakenUpTests
{
    // SHA-256 of "bar".
    private const string NextHash = "sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";
    private static readonly HubOptions TwoInstances = new() { Workers = 2 };
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void StoredKeys_AreTakenUp_AlsoWhereSomethingElseNeedsARestart() => AppWorld.Run(
        async world =>
        {
            Watch(world);
            Assert.Equal(("acme", null), (TenantOf(world, 0, "foo"), TenantOf(world, 0, "bar")));
            Store(world, new JsonObject { ["id"] = "acme", ["keys"] = new JsonArray(NextHash), ["highestPriority"] = "background" });
            await Task.Delay(Minute, world.Time);

            Assert.All(new[] { 0, 1 }, worker => Assert.Equal((null, "acme"), (TenantOf(world, worker, "foo"), TenantOf(world, worker, "bar"))));

            // What is wrong changes nothing.
            Store(world, new JsonObject { ["id"] = "acme", ["keys"] = new JsonArray("nonsense") });
            await Task.Delay(Minute, world.Time);
            Assert.Equal("acme", TenantOf(world, 0, "bar"));
        },
        TwoInstances);

    [Theory]
    [InlineData(2400)]
    [InlineData(480)]
    public void StoredLimits_Hold_OverAllInstances(int perMinute) => AppWorld.Run(
        async world =>
        {
            Watch(world);
            world.RenewLeases();
            var sent = new List<DateTimeOffset>();
            for (var caller = 0; caller < 120; caller++)
            {
                _ = CallOnAsync(world, caller % 2, sent);
            }

            await Task.Delay(Minute, world.Time);
            world.Overlay.Write(ConfigurationOverlay.ToRow(
                ConfigurationOverlay.Limits, "one|gpt-x", new JsonObject { ["rpm"] = perMinute, ["burstSeconds"] = 1 }));
            await Task.Delay(Minute, world.Time);
            var from = world.Time.GetUtcNow();
            await Task.Delay(Minute, world.Time);

            Assert.InRange(sent.Count(at => at < from - Minute), 0.9 * 1200, 1200 + 20);
            Assert.InRange(sent.Count(at => at >= from), 0.9 * perMinute, (perMinute / 60.0) + perMinute);
        },
        TwoInstances,
        """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 1200, "burstSeconds": 1 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"] }],
          "queue": { "maxWaitSeconds": { "standard": 170 } }
        }
        """);

    [Fact]
    public void TenantsWeightsAndBudgetsOfTheFile_AreTakenUp_ByEveryInstanceAndOwner() => AppWorld.Run(
        async world =>
        {
            Watch(world);
            var file = JsonNode.Parse(world.File)!;
            file["tenants"]![0]!["weight"] = 3;
            file["tenants"]!.AsArray().Add(new JsonObject { ["id"] = "initech", ["keys"] = new JsonArray(NextHash), ["limits"] = new JsonObject { ["rpm"] = 60 } });
            file["budgets"] = JsonNode.Parse("""[{ "for": "run", "calls": 3 }]""");
            world.File = file.ToJsonString();
            await Task.Delay(Minute, world.Time);

            Assert.All(new[] { 0, 1 }, worker =>
            {
                Assert.Equal("initech", TenantOf(world, worker, "bar"));
                var source = world.Get<LeaseSource>(worker);
                Assert.Equal(60, source.Spec.Tenants.Single(tenant => tenant.Id == "initech").Limits.Single(limit => limit.Dimension == Dimension.Requests).Amount);
                Assert.Single(source.Configuration.Budgets);
                Assert.Equal(3, source.Spec.Tenants.Single(tenant => tenant.Id == "acme").Weight);
            });
        },
        TwoInstances,
        AppWorld.Configuration.Replace("\"webhookSecret\": \"${KEY}\" }", "\"webhookSecret\": \"${KEY}\" }, { \"id\": \"beta\", \"keys\": [\"sha256:baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096\"] }", StringComparison.Ordinal));

    [Fact]
    public void ModelsAndFurtherModelLimitsOfATenant_HoldWithinAMinute_OverAllInstances() => AppWorld.Run(
        async world =>
        {
            Watch(world);
            world.RenewLeases();
            var sent = new List<DateTimeOffset>();
            for (var caller = 0; caller < 60; caller++)
            {
                _ = CallOnAsync(world, caller % 2, sent);
            }

            await Task.Delay(Minute, world.Time);
            Store(world, new JsonObject
            {
                ["id"] = "acme",
                ["keys"] = new JsonArray(NextHash),
                ["models"] = new JsonArray("gpt-x"),
                ["modelLimits"] = new JsonArray(new JsonObject { ["model"] = "gpt-x", ["rpm"] = 240, ["burstSeconds"] = 1 }),
            });
            await Task.Delay(Minute, world.Time);
            var from = world.Time.GetUtcNow();
            await Task.Delay(2 * Minute, world.Time);

            Assert.InRange(sent.Count(at => at < from - Minute), 0.9 * 1200, 1200 + 20);
            Assert.InRange(sent.Count(at => at >= from), 0.9 * 480, 480 + 4);
            Assert.All(new[] { 0, 1 }, worker =>
            {
                var routes = world.Get<RouteTable>(worker);
                Assert.Equal((true, false), (MayAsk(routes, "gpt-x"), MayAsk(routes, "gpt-y")));
            });
        },
        TwoInstances,
        """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 1200, "burstSeconds": 1 } }, { "model": "gpt-y", "limits": { "rpm": 60 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"] }],
          "queue": { "maxWaitSeconds": { "standard": 170 } }
        }
        """);

    private static bool MayAsk(RouteTable routes, string model) => routes.TryGet(model, out var route) && routes.ClosedTo("acme", route) != route.All;

    private static void Watch(AppWorld world)
    {
        for (var worker = 0; worker < world.Hub.Workers.Count; worker++)
        {
            _ = world.Get<ConfigurationWatch>(worker).RunAsync(CancellationToken.None);
        }
    }

    private static void Store(AppWorld world, JsonObject tenant) =>
        world.Overlay.Write(ConfigurationOverlay.ToRow(ConfigurationOverlay.Tenants, (string)tenant["id"]!, tenant));

    private static async Task CallOnAsync(AppWorld world, int worker, List<DateTimeOffset> sent)
    {
        var limiter = world.Get<EmbeddedLimiter>(worker);
        var charge = new Charge(1, 10, 5, 5, 0);
        while (true)
        {
            var admission = await limiter.AdmitAsync(new AdmissionRequest("gpt-x", "acme", null, Priority.Standard, charge, [charge]), CancellationToken.None);
            if (admission.Reservation is { } reservation)
            {
                sent.Add(world.Time.GetUtcNow());
                await Task.Delay(TimeSpan.FromSeconds(0.5), world.Time);
                limiter.Settle(reservation, new Settlement(charge, charge));
            }
            else
            {
                await Task.Delay(admission.Refusal!.RetryAt.ToDateTimeOffset() - world.Time.GetUtcNow(), world.Time);
            }
        }
    }

    private static string? TenantOf(AppWorld world, int worker, string key) =>
        world.Get<TenantGate>(worker).Find(new HeaderDictionary { ["x-api-key"] = key }, out _);
}
