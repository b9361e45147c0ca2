using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>A provider double of all three dialects, and the configuration of a server in front of it.</summary>
internal sealed record Setup
{
    public const string AcmeKey = "fl-acme-key";
    public const string GlobexKey = "fl-globex-key";
    public const string WebhookSecret = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==";

    public const string ProviderKey = "sk-provider-of-the-tests";

    /// <summary>How much the buckets hold, in seconds of refill.</summary>
    public double BurstSeconds { get; init; } = 1;

    /// <summary>OpenAI's requests per minute, in a bucket.</summary>
    public long OpenAI { get; init; } = 60_000;

    /// <summary>Azure's requests per minute, in a window that starts anew each minute.</summary>
    public long Azure { get; init; } = 60_000;

    /// <summary>Anthropic's requests per minute, in a bucket.</summary>
    public long Anthropic { get; init; } = 60_000;

    /// <summary>How long each answer takes.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>How long each output token takes.</summary>
    public TimeSpan PerToken { get; init; }

    /// <summary>How the accounts' batch services are used; null where they are not.</summary>
    public object? Batch { get; init; }

    /// <summary>What may be spent.</summary>
    public object[] Budgets { get; init; } = [];

    /// <summary>How the double's batch service behaves.</summary>
    public BatchOptions Batches { get; init; } = new();

    /// <summary>Where webhooks may go, how many jobs run, and so on.</summary>
    public object Jobs { get; init; } = new { webhooksToPrivateNetworks = true, maxCalls = 20 };

    /// <summary>Starts the double.</summary>
    public Task<ProviderDouble> StartDoubleAsync() => ProviderDouble.StartAsync(new ProviderDoubleOptions
    {
        Deployments =
        [
            Deployment("gpt-x", ProviderDialect.OpenAI, LimitOptions.Rpm(OpenAI, BurstSeconds)),
            Deployment("gpt-z", ProviderDialect.Azure, new LimitOptions(LimitDimension.Requests, Azure, TimeSpan.FromMinutes(1), LimitScheme.Fixed)),
            Deployment("claude-x", ProviderDialect.Anthropic, LimitOptions.Rpm(Anthropic, BurstSeconds)),
        ],
        Batches = Batches,
    });

    /// <summary>A folder for servers in front of a double.</summary>
    public ServerFolder Folder(Uri provider) => new ServerFolder(Configuration(provider))
        .With("PROVIDER_KEY", ProviderKey)
        .With("ACME_WEBHOOK_SECRET", WebhookSecret);

    public object Configuration(Uri provider) => new
    {
        accounts = new object[]
        {
            Account("openai-1", "openai", provider, "gpt-x", new { rpm = OpenAI, burstSeconds = BurstSeconds, tpm = 10_000_000 }),
            Account("azure-1", "azure-openai", provider, "gpt-z", new { rpm = Azure, algorithm = "fixed", tpm = 1_000_000 }),
            Account("anthropic-1", "anthropic", provider, "claude-x", new { rpm = Anthropic, burstSeconds = BurstSeconds, itpm = 600_000 }),
        },
        tenants = new object[]
        {
            new { id = "acme", keys = new[] { Hash(AcmeKey) }, webhookSecret = "${ACME_WEBHOOK_SECRET}" },
            new { id = "globex", keys = new[] { Hash(GlobexKey) } },
        },
        jobs = Jobs,
        budgets = Budgets,
    };

    private DeploymentOptions Deployment(string model, ProviderDialect dialect, LimitOptions limit) => new(ProviderKey, model)
    {
        Dialect = dialect,
        Limits = [limit],
        Latency = new LatencyOptions(Latency, PerToken),
        Output = new OutputOptions { TokensPerChunk = 1 },
    };

    private Dictionary<string, object> Account(string id, string provider, Uri endpoint, string model, object limits)
    {
        var account = new Dictionary<string, object>
        {
            ["id"] = id,
            ["provider"] = provider,
            ["endpoint"] = endpoint,
            ["apiKey"] = "${PROVIDER_KEY}",
            ["models"] = new[] { new { model, limits, price = new { input = 2m, output = 10m } } },
        };
        if (Batch is not null)
        {
            account["batch"] = Batch;
        }

        return account;
    }

    private static string Hash(string key) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
}
