using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>What stays while hosts come and go: providers, storage with the task hub, and the configuration.</summary>
internal sealed class AppSetup : IAsyncDisposable
{
    private readonly string _configuration = Path.GetTempFileName();
    private readonly Dictionary<string, string> _settings;

    private AppSetup(ProviderDouble provider, object configuration, Dictionary<string, string> settings)
    {
        (Provider, _settings) = (provider, settings);
        File.WriteAllText(_configuration, JsonSerializer.Serialize(configuration, JsonSerializerOptions.Web));
        settings["FUNCLIMITER_CONFIG"] = _configuration;
    }

    /// <summary>The providers.</summary>
    public ProviderDouble Provider { get; }

    /// <summary>Where the app keeps everything, as a connection string.</summary>
    public string Storage => _settings["AzureWebJobsStorage"];

    /// <summary>Starts providers, and takes an account of the storage.</summary>
    /// <param name="setup">The providers and the configuration.</param>
    /// <param name="storage">The account, as a connection string; a new one where null.</param>
    /// <param name="serviceBus">The namespace, as a connection string; where null the app takes no messages.</param>
    public static async Task<AppSetup> CreateAsync(Setup setup, string? storage = null, string? serviceBus = null)
    {
        var provider = await setup.StartDoubleAsync();
        return new AppSetup(provider, setup.Configuration(provider.BaseAddress), new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = storage ?? await Azurite.NewAccountAsync(),
            ["AzureWebJobs.AgentRequests.Disabled"] = serviceBus is null ? "true" : "false",
            ["ServiceBusConnection"] = serviceBus ?? "",
            ["TASKHUB_NAME"] = "FuncLimiter",
            ["PROVIDER_KEY"] = Setup.ProviderKey,
            ["ACME_WEBHOOK_SECRET"] = Setup.WebhookSecret,
        });
    }

    /// <summary>Starts a host with the app.</summary>
    public Task<AppProcess> StartAsync() => AppProcess.StartAsync(_settings);

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        File.Delete(_configuration);
    }
}
