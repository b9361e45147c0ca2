using System.Text.Json;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>One provider's models by what they are for, in the double, in the server's configuration and in the tests' environment.</summary>
internal sealed record SdkModels(string Provider, ProviderDialect Dialect, string Prefix)
{
    /// <summary>The server's key at the double.</summary>
    public const string UpstreamKey = "sk-upstream-of-the-sdk-tests";

    /// <summary>All providers.</summary>
    public static readonly IReadOnlyList<SdkModels> All =
    [
        new("openai", ProviderDialect.OpenAI, "gpt"),
        new("azure-openai", ProviderDialect.Azure, "azure-gpt"),
        new("anthropic", ProviderDialect.Anthropic, "claude"),
    ];

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Answers at once.</summary>
    public string Plain => $"{Prefix}-plain";

    /// <summary>Streams for a second and more.</summary>
    public string Slow => $"{Prefix}-slow";

    /// <summary>Has room for one call every other second.</summary>
    public string Paced => $"{Prefix}-paced";

    /// <summary>Has room for one call a minute, which is longer than anyone may wait.</summary>
    public string Tight => $"{Prefix}-tight";

    /// <summary>Answers 500 to everything.</summary>
    public string Failing => $"{Prefix}-failing";

    /// <summary>Says that it has no capacity, whatever is asked.</summary>
    public string Overloaded => $"{Prefix}-overloaded";

    /// <summary>As failing, for those who ask in another API: what fails is not asked again for a while.</summary>
    public string FailingElsewhere => $"{Prefix}-failing-elsewhere";

    /// <summary>As overloaded, for those who ask in another API.</summary>
    public string OverloadedElsewhere => $"{Prefix}-overloaded-elsewhere";

    /// <summary>Makes embeddings.</summary>
    public string Embedding => $"{Prefix}-embedding";

    private IEnumerable<string> Names => [Plain, Slow, Paced, Tight, Failing, Overloaded, FailingElsewhere, OverloadedElsewhere, Embedding];

    /// <summary>What the tests in JavaScript read.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new { Plain, Slow, Paced, Tight, Failing, Overloaded, FailingElsewhere, OverloadedElsewhere, Embedding }, JsonSerializerOptions.Web);

    /// <summary>What the double offers.</summary>
    public IEnumerable<DeploymentOptions> Deployments() => Names.Select(name => new DeploymentOptions(UpstreamKey, name)
    {
        Dialect = Dialect,
        Latency = name == Slow ? new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50)) : LatencyOptions.None,
        Output = new() { TokensPerChunk = name == Slow ? 1 : 4 },
        Limits = LimitOf(name) is var (perMinute, burst) ? [LimitOptions.Rpm(perMinute, burst)] : [],
    });

    /// <summary>What always goes wrong.</summary>
    public IEnumerable<FaultRule> Faults()
    {
        var overload = Dialect == ProviderDialect.Anthropic ? FaultKind.Overloaded : FaultKind.Unavailable;
        return
        [
            new(FaultKind.ServerError) { Deployment = Failing },
            new(FaultKind.ServerError) { Deployment = FailingElsewhere },
            new(overload) { Deployment = Overloaded },
            new(overload) { Deployment = OverloadedElsewhere },
        ];
    }

    /// <summary>The account in the server's configuration.</summary>
    public object ToAccount(Uri endpoint) => new
    {
        id = $"{Prefix}-account",
        provider = Provider,
        endpoint,
        apiKey = "${SDK_UPSTREAM_KEY}",
        models = Names.Select(name => LimitOf(name) is var (perMinute, burst)
            ? (object)new { model = name, limits = new { rpm = perMinute, burstSeconds = burst } }
            : new { model = name }),
    };

    // Of a bucket just large enough for one call, and one jitter of sending.
    private (long PerMinute, double BurstSeconds)? LimitOf(string name) =>
        name == Paced ? (30, 2.5) : name == Tight ? (1, 60) : null;
}
