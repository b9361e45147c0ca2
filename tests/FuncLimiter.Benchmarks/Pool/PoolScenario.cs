using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Benchmarks.Pool;

/// <summary>
/// One route over four deployments that count in four ways: a bucket, a sliding window, fixed minutes with slices of ten seconds, and
/// Anthropic's buckets with a penalty for repeated violations. Three tenants ask for ten times what the four hold.
/// </summary>
internal static class PoolScenario
{
    public const string Bucket = "bucket";
    public const string Sliding = "sliding";
    public const string Fixed = "fixed";
    public const string Anthropic = "anthropic";
    public const string Route = "smart";
    private const string Model = "model-x";
    public const int TokensPerMinute = 120_000;
    private const int AnthropicInput = 40_000;
    /// <summary>What the provider counts for a call of the outsider's.</summary>
    public const int OutsidersTokens = 80;
    public const int AnthropicOutput = 80_000;
    private const double BurstSeconds = 6;
    private const int AgentsPerWeight = 120;
    private static readonly LatencyOptions Latency = new(TimeSpan.FromMilliseconds(80), TimeSpan.FromMilliseconds(2));

    public static ProviderDoubleOptions Provider => new()
    {
        Deployments =
        [
            Deployment(Bucket, ProviderDialect.OpenAI, LimitOptions.Rpm(3000, BurstSeconds), LimitOptions.Tpm(TokensPerMinute, BurstSeconds)),
            Deployment(
                Sliding,
                ProviderDialect.OpenAI,
                new LimitOptions(LimitDimension.Tokens, TokensPerMinute, TimeSpan.FromMinutes(1), LimitScheme.Sliding)),
            Deployment(
                Fixed,
                ProviderDialect.Azure,
                LimitOptions.AzureTpm(TokensPerMinute),
                LimitOptions.AzureRpm(2400, TimeSpan.FromSeconds(10))),
            Deployment(
                Anthropic,
                ProviderDialect.Anthropic,
                LimitOptions.Rpm(3000, BurstSeconds),
                LimitOptions.Itpm(AnthropicInput, BurstSeconds),
                LimitOptions.Otpm(AnthropicOutput, BurstSeconds)) with
            {
                Penalty = new(5, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)),
            },
        ],
    };

    /// <summary>The text of <c>funclimiter.json</c>.</summary>
    public static string Configuration(Uri provider) => JsonSerializer.Serialize(new
    {
        accounts = new object[]
        {
            Account(Bucket, "openai", provider, new { rpm = 3000, tpm = TokensPerMinute, burstSeconds = BurstSeconds }),
            Account(Sliding, "openai", provider, new { tpm = TokensPerMinute, algorithm = "sliding" }),
            Account(Fixed, "azure-openai", provider, new { rpm = 2400, tpm = TokensPerMinute }),
            Account(
                Anthropic, "anthropic", provider, new { rpm = 3000, itpm = AnthropicInput, otpm = AnthropicOutput, burstSeconds = BurstSeconds }),
        },
        routes = new[] { new { model = Route, targets = new[] { Bucket, Sliding, Fixed, Anthropic }.Select(id => $"{id}/{Model}") } },
        tenants = Tenants.Select(tenant => new
        {
            id = tenant.Id,
            keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KeyOf(tenant.Id))))}" },
            weight = tenant.Weight,
        }),
    });

    /// <summary>The variables that the configuration's keys come from.</summary>
    public static IEnumerable<(string Name, string Value)> Secrets =>
        new[] { Bucket, Sliding, Fixed, Anthropic }.Select(id => (Variable(id), ProviderKey(id)));

    /// <summary>The agents.</summary>
    public static FleetOptions Fleet(Uri server, TimeSpan duration) => new()
    {
        BaseAddress = server,
        Duration = duration,
        Tenants = [.. Tenants.Select(tenant => new FleetTenant(tenant.Id, tenant.Weight, KeyOf(tenant.Id), Groups(tenant.Weight)))],
    };

    /// <summary>Somebody else with the key of one deployment, who takes about so many tokens a minute of it.</summary>
    public static FleetOptions Outsider(string deployment, Uri provider, TimeSpan duration, int tokensPerMinute) => new()
    {
        BaseAddress = provider,
        Duration = duration,
        Seed = 7,
        KeyForAll = ProviderKey(deployment),
        Retry = new() { Retries = 0 },
        Tenants = [new("outsider", 1, "", [new(FleetPriority.Standard, 10, Model)
        {
            InputCharacters = (80, 80),
            MaxTokens = (OutsidersTokens, OutsidersTokens),
            ThinkTime = TimeSpan.FromSeconds((10.0 * OutsidersTokens * 60 / tokensPerMinute) - 0.24),
        }])],
    };

    private static IReadOnlyList<(string Id, int Weight)> Tenants { get; } = [("amber", 1), ("birch", 1), ("cedar", 2)];

    private static string KeyOf(string tenant) => $"fl-pool-{tenant}";

    private static string ProviderKey(string id) => $"sk-pool-{id}";

    private static string Variable(string id) => $"POOL_KEY_{id.ToUpperInvariant()}";

    private static DeploymentOptions Deployment(string id, ProviderDialect dialect, params LimitOptions[] limits) =>
        new(ProviderKey(id), Model) { Name = id, Dialect = dialect, Limits = limits, Latency = Latency };

    private static object Account(string id, string provider, Uri address, object limits) => new
    {
        id,
        provider,
        endpoint = address.GetLeftPart(UriPartial.Authority),
        apiKey = $"${{{Variable(id)}}}",
        models = new[] { new { model = Model, limits } },
    };

    private static IReadOnlyList<AgentGroup> Groups(int weight) =>
    [
        Group(FleetPriority.Interactive, 2 * weight),
        Group(FleetPriority.Standard, 8 * weight),
        Group(FleetPriority.Background, (AgentsPerWeight - 10) * weight),
    ];

    private static AgentGroup Group(FleetPriority priority, int agents) => new(priority, agents, Route)
    {
        InputCharacters = (80, 200),
        MaxTokens = (40, 100),
        ThinkTime = TimeSpan.FromMilliseconds(300),
    };
}
