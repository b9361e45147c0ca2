using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>A house of five tenants on three accounts, one of them under pressure, as an operator may meet it.</summary>
internal static class Scene
{
    public const string Key = "sk-double";

    public const string AdminKey = "fl-admin";

    public static ProviderDoubleOptions Provider => new()
    {
        Deployments =
        [
            new(Key, "gpt-x") { Name = "gpt-x", Limits = [LimitOptions.Rpm(3_000, 6), LimitOptions.Tpm(120_000, 6)], Latency = Latency },
            new(Key, "gpt-mini") { Limits = [LimitOptions.Tpm(400_000, 6)], Latency = Latency },
            new(Key, "claude-x") { Dialect = ProviderDialect.Anthropic, Limits = [LimitOptions.Rpm(1_000)], Latency = Latency },
        ],
    };

    private static LatencyOptions Latency => new(TimeSpan.FromMilliseconds(120), TimeSpan.FromMilliseconds(1));

    public static string Configuration(Uri provider) => $$"""
        {
          "accounts": [
            { "id": "openai-east", "provider": "openai", "region": "eastus", "endpoint": "{{provider}}", "apiKey": "${KEY}", "models": [
              { "model": "gpt-x", "limits": { "rpm": 3000, "tpm": 120000, "burstSeconds": 6 }, "price": { "input": 2.5, "output": 10 } },
              { "model": "gpt-mini", "limits": { "tpm": 400000, "burstSeconds": 6 }, "price": { "input": 0.4, "output": 1.6 } }] },
            { "id": "anthropic-1", "provider": "anthropic", "endpoint": "{{provider}}", "apiKey": "${KEY}", "models": [
              { "model": "claude-x", "limits": { "rpm": 1000 }, "price": { "input": 3, "output": 15 } }] },
            { "id": "still", "provider": "openai", "endpoint": "{{provider}}", "apiKey": "${KEY}", "models": [
              { "model": "gpt-still", "limits": { "tpm": 120000, "algorithm": "sliding" } }] }
          ],
          "tenants": [{{string.Join(",", Tenants.Select(tenant => $$"""{ "id": "{{tenant.Id}}", "keys": ["sha256:{{Hash(tenant.Id)}}"], "weight": {{tenant.Weight}} }"""))}}],
          "admin": { "keys": ["sha256:{{Hash(AdminKey)}}"] }
        }
        """;

    private static readonly (string Id, int Weight)[] Tenants = [("acme", 3), ("birch", 1), ("cedar", 1), ("dune", 1), ("elm", 2)];

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public static FleetOptions Load(Uri server, TimeSpan duration) => new()
    {
        BaseAddress = server,
        Duration = duration,
        Seed = 7,
        Tenants =
        [
            Tenant("acme", "nightly-import", 3, FleetPriority.Background, 30, "gpt-x", 700),
            Tenant("birch", "support", 1, FleetPriority.Interactive, 6, "gpt-x", 1_500),
            Tenant("cedar", "triage", 1, FleetPriority.Standard, 8, "gpt-mini", 600),
            Tenant("dune", "research", 1, FleetPriority.Standard, 6, "gpt-x", 2_000),
        ],
    };

    private static FleetTenant Tenant(
        string id, string workflow, double weight, FleetPriority priority, int agents, string model, int thinkMs) => new(
        id, weight, id,
        [
            new AgentGroup(priority, agents, model)
            {
                InputCharacters = (80, 300), MaxTokens = (60, 140), ThinkTime = TimeSpan.FromMilliseconds(thinkMs), Workflow = workflow,
            },
        ]);
}
