using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>One server process and the double behind it, for the tests of a class.</summary>
public abstract class ServedSetup : IAsyncLifetime
{
    private readonly Setup _setup;
    private ServerFolder? _folder;
    private ServerProcess? _server;

    private protected ServedSetup(Setup setup) => _setup = setup;

    /// <summary>The double.</summary>
    public ProviderDouble Provider { get; private set; } = null!;

    /// <summary>A client of the server.</summary>
    public HttpClient Client => _server!.Client;

    /// <summary>What the server logged.</summary>
    public string Output => _server!.Output;

    public async Task InitializeAsync()
    {
        Provider = await _setup.StartDoubleAsync();
        _folder = _setup.Folder(Provider.BaseAddress);
        _server = await _folder.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder?.Dispose();
        await Provider.DisposeAsync();
    }

    /// <summary>Asserts that nothing waits, and tells how many calls were let out so far.</summary>
    internal async Task<long> AdmittedAsync()
    {
        var status = (await Client.FetchAsync("/status")).Json;
        Assert.Equal(0, status["waiting"]!.GetValue<int>());
        return status["admitted"]!.GetValue<long>();
    }
}

/// <summary>A server in front of providers that answer at once.</summary>
public sealed class PromptSetup() : ServedSetup(new Setup());

/// <summary>A server in front of providers that take two seconds, and a tenth of one for each token.</summary>
public sealed class SlowSetup() : ServedSetup(new Setup { Latency = TimeSpan.FromSeconds(2), PerToken = TimeSpan.FromMilliseconds(100) });
