using FuncLimiter.Functions.EndToEnd.Tests.ServiceBus;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>
/// One app for all tests that leave it running, which run at once: each looks at its own jobs and keys. OpenAI and Azure are never short of
/// room, Anthropic takes ten calls a second, a token takes 20 ms; all have a batch service; the queues are those of the local namespace.
/// </summary>
internal sealed class RunningApp
{
    /// <summary>Calls a second that Anthropic's dialect takes.</summary>
    public const int AnthropicPerSecond = 10;

    private static readonly Lazy<Task<RunningApp>> Shared = new(StartAsync);

    private readonly AppSetup _setup;
    private readonly AppProcess _process;

    private RunningApp(AppSetup setup, AppProcess process, ServiceBusNamespace bus) => (_setup, _process, Bus) = (setup, process, bus);

    /// <summary>What the app's providers and its configuration are.</summary>
    public static Setup Setup { get; } = new()
    {
        PerToken = TimeSpan.FromMilliseconds(20),
        Anthropic = 60 * AnthropicPerSecond,
        Batch = new { minCalls = 10 },
        Jobs = new { webhooksToPrivateNetworks = true, maxCalls = 500 },
    };

    /// <summary>A client of the app.</summary>
    public HttpClient Client => _process.Client;

    /// <summary>The providers.</summary>
    public ProviderDouble Provider => _setup.Provider;

    /// <summary>The namespace with the app's queues.</summary>
    public ServiceBusNamespace Bus { get; }

    /// <summary>The app's configuration.</summary>
    public string Configuration => _setup.Configuration;

    /// <summary>What the host and the app printed.</summary>
    public string Output => _process.Output;

    /// <summary>The app, which the first to ask starts. It ends with this process.</summary>
    public static Task<RunningApp> GetAsync() => Shared.Value;

    private static async Task<RunningApp> StartAsync()
    {
        var bus = new ServiceBusNamespace(ServiceBusNamespace.Read(Path.Combine(Repository.Root, "infra", "local", "servicebus.json")));
        var setup = await AppSetup.CreateAsync(Setup, serviceBus: bus.ConnectionString, records: true);
        return new RunningApp(setup, await setup.StartAsync(), bus);
    }
}
