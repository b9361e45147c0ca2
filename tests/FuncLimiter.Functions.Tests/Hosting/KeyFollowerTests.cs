using System.Text.Json.Nodes;
using FuncLimiter.Functions.Hosting;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Operations.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>Keys that operators store are taken up by running instances.</summary>
public class KeyFollowerTests
{
    // SHA-256 of "bar".
    private const string NextHash = "sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";

    [Fact]
    public void StoredKeys_AreTakenUpWithinAMinute_ByEveryInstance() => AppWorld.Run(
        async world =>
        {
            var rows = new List<Row>();
            foreach (var worker in new[] { 0, 1 })
            {
                var follower = new KeyFollower(world.Get<ConfigurationReload>(worker), new StoredTenants(() => Task.FromResult(Read(rows))), world.Time, NullLogger<KeyFollower>.Instance);
                _ = follower.RunAsync(CancellationToken.None);
            }

            Assert.Equal(("acme", null), (TenantOf(world, 0, "foo"), TenantOf(world, 0, "bar")));
            rows.Add(ConfigurationOverlay.ToRow(ConfigurationOverlay.Tenants, "acme", new JsonObject { ["id"] = "acme", ["keys"] = new JsonArray(NextHash) }));
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

            Assert.All(new[] { 0, 1 }, worker => Assert.Equal((null, "acme"), (TenantOf(world, worker, "foo"), TenantOf(world, worker, "bar"))));

            // What is wrong changes nothing.
            rows[0] = ConfigurationOverlay.ToRow(ConfigurationOverlay.Tenants, "acme", new JsonObject { ["id"] = "acme", ["keys"] = new JsonArray("nonsense") });
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
            Assert.Equal("acme", TenantOf(world, 0, "bar"));
        },
        new Harness.HubOptions { Workers = 2 });

    private static IReadOnlyList<TenantConfiguration>? Read(IReadOnlyList<Row> rows) =>
        ConfigurationReader.Read(ConfigurationOverlay.Apply(System.Text.Encoding.UTF8.GetBytes(AppWorld.Configuration), rows), _ => "secret").Configuration?.Tenants;

    private static string? TenantOf(AppWorld world, int worker, string key) =>
        world.Get<TenantGate>(worker).Find(new HeaderDictionary { ["x-api-key"] = key }, out _);
}
