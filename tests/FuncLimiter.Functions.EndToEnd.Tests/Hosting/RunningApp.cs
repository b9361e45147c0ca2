using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>One app for the tests that leave it running.</summary>
[CollectionDefinition(Name)]
public sealed class RunningApp : ICollectionFixture<RunningApp>, IAsyncLifetime
{
    public const string Name = "a running app";

    private AppSetup? _setup;
    private AppProcess? _process;

    /// <summary>A client of the app.</summary>
    public HttpClient Client => _process!.Client;

    /// <summary>The providers.</summary>
    public ProviderDouble Provider => _setup!.Provider;

    /// <summary>What the host and the app printed.</summary>
    public string Output => _process!.Output;

    public async Task InitializeAsync()
    {
        if (Azurite.Obstacle is null)
        {
            _setup = await AppSetup.CreateAsync(new Setup());
            _process = await _setup.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        await (_process?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_setup?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
