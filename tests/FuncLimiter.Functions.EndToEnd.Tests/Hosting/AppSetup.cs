using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>What stays while hosts come and go: providers, storage with the task hub, and the configuration.</summary>
internal sealed class AppSetup : IAsyncDisposable
{
    private readonly string _configuration = Path.GetTempFileName();
    private readonly Dictionary<string, string> _settings;

    private AppSetup(object configuration, string storage, string? serviceBus)
    {
        Configuration = JsonSerializer.Serialize(configuration, JsonSerializerOptions.Web);
        File.WriteAllText(_configuration, Configuration);
        _settings = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = storage,
            ["AzureWebJobs.AgentRequests.Disabled"] = serviceBus is null ? "true" : "false",
            ["ServiceBusConnection"] = serviceBus ?? "",
            ["TASKHUB_NAME"] = "FuncLimiter",

            // Each partition is polled by itself: with eight, a few hosts ask more of the emulator than a busy machine lets it answer.
            ["AzureFunctionsJobHost__extensions__durableTask__storageProvider__partitionCount"] = "2",
            ["FUNCLIMITER_CONFIG"] = _configuration,
            ["PROVIDER_KEY"] = Setup.ProviderKey,
            ["ACME_WEBHOOK_SECRET"] = Setup.WebhookSecret,
            ["RECORD_KEY"] = RecordKey,
        };
    }

    /// <summary>With what a record's names are hashed.</summary>
    public const string RecordKey = "a-fake-key-of-the-tests";

    /// <summary>The app's configuration.</summary>
    public string Configuration { get; }

    /// <summary>The providers, where they are doubles of the simulation.</summary>
    public ProviderDouble Provider { get; private init; } = null!;

    /// <summary>Where the app keeps everything, as a connection string.</summary>
    public string Storage => _settings["AzureWebJobsStorage"];

    /// <summary>Starts providers, and takes an account of the storage.</summary>
    /// <param name="setup">The providers and the configuration.</param>
    /// <param name="storage">Where the app keeps everything, as a connection string; a new account where null.</param>
    /// <param name="serviceBus">The namespace, as a connection string; where null the app takes no messages.</param>
    /// <param name="records">Whether calls' shapes are recorded.</param>
    public static async Task<AppSetup> CreateAsync(Setup setup, string? storage = null, string? serviceBus = null, bool records = false)
    {
        var provider = await setup.StartDoubleAsync();
        var configuration = JsonSerializer.SerializeToNode(setup.Configuration(provider.BaseAddress), JsonSerializerOptions.Web)!;
        if (records)
        {
            configuration["record"] = JsonNode.Parse("""{ "file": "record.jsonl", "key": "${RECORD_KEY}" }""");
        }

        return new AppSetup(configuration, storage ?? await Azurite.NewAccountAsync(), serviceBus) { Provider = provider };
    }

    /// <summary>Takes an account of the storage for an app in front of other providers.</summary>
    public static async Task<AppSetup> CreateAsync(object configuration) => new(configuration, await Azurite.NewAccountAsync(), null);

    /// <summary>Starts a host with the app.</summary>
    /// <param name="isWarmedUp">Whether the host runs the app's warm-up before calls come, as the platform does on an instance that it adds.</param>
    public Task<AppProcess> StartAsync(bool isWarmedUp = true) => AppProcess.StartAsync(
        new Dictionary<string, string>(_settings) { ["AzureWebJobs.Warmup.Disabled"] = isWarmedUp ? "false" : "true" });

    public async ValueTask DisposeAsync()
    {
        await (Provider?.DisposeAsync() ?? ValueTask.CompletedTask);
        File.Delete(_configuration);
    }
}
