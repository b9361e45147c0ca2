using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Hosting;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Demo;

/// <summary>The demonstration's parts: a server in front of a provider double, and beside them a double without a server.</summary>
internal sealed class DemoRun : IAsyncDisposable
{
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(3);

    private readonly ProviderDouble _behindServer;
    private readonly ProviderDouble _alone;
    private readonly ServerHost _server;

    private DemoRun(DemoScenario scenario, ProviderDouble behindServer, ProviderDouble alone, ServerHost server)
    {
        (_behindServer, _alone, _server) = (behindServer, alone, server);
        Scenario = scenario;
        Limited = new DemoSide(behindServer, scenario.ThroughLimiter(server.Address));
        Baseline = new DemoSide(alone, scenario.WithoutLimiter(alone.BaseAddress));
    }

    /// <summary>What is shown.</summary>
    public DemoScenario Scenario { get; }

    /// <summary>Where the server listens.</summary>
    public Uri Address => _server.Address;

    /// <summary>The fleet through the limiter.</summary>
    public DemoSide Limited { get; }

    /// <summary>The same fleet without it.</summary>
    public DemoSide Baseline { get; }

    /// <summary>Starts everything but the fleets.</summary>
    /// <param name="scenario">What is shown.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<DemoRun> StartAsync(DemoScenario scenario, CancellationToken cancellationToken)
    {
        await using (var first = await StartColdAsync(scenario with { Duration = WarmUpTime }, cancellationToken))
        {
            // A provider elsewhere would not share a process that is still being compiled: a short run warms the code, and is thrown away.
            await first.RunAsync(null, cancellationToken);
        }

        return await StartColdAsync(scenario, cancellationToken);
    }

    /// <summary>Runs both fleets side by side to their end.</summary>
    /// <param name="onCount">Told from time to time that the counts have moved on; null for nobody.</param>
    /// <param name="cancellationToken">Ends the fleets early.</param>
    public async Task RunAsync(Action? onCount, CancellationToken cancellationToken)
    {
        var fleets = Task.WhenAll(Limited.RunAsync(cancellationToken), Baseline.RunAsync(cancellationToken));
        while (onCount is not null && await Task.WhenAny(fleets, Task.Delay(TimeSpan.FromMilliseconds(500), CancellationToken.None)) != fleets)
        {
            onCount();
        }

        await fleets;
    }

    private static async Task<DemoRun> StartColdAsync(DemoScenario scenario, CancellationToken cancellationToken)
    {
        var behindServer = await ProviderDouble.StartAsync(scenario.Provider, cancellationToken: cancellationToken);
        var alone = await ProviderDouble.StartAsync(scenario.Provider, cancellationToken: cancellationToken);
        var read = ConfigurationReader.Read(scenario.Configuration(behindServer.BaseAddress), scenario.Secrets.GetValueOrDefault);
        var configuration = read.Configuration
            ?? throw new InvalidOperationException(string.Join(Environment.NewLine, read.Mistakes));
        var server = await ServerHost.StartAsync(new ServerSettings(configuration, "http://127.0.0.1:0") { Quiet = true }, cancellationToken);
        return new DemoRun(scenario, behindServer, alone, server);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _behindServer.DisposeAsync();
        await _alone.DisposeAsync();
    }
}

/// <summary>One of the demonstration's two sides: a fleet, and the provider double that it ends up at.</summary>
internal sealed class DemoSide(ProviderDouble provider, FleetOptions fleet) : IProgress<FleetProgress>
{
    /// <summary>Where the fleet stands; null before the first count.</summary>
    public FleetProgress? Progress { get; private set; }

    /// <summary>What the fleet saw; null until its end.</summary>
    public FleetReport? Report { get; private set; }

    /// <summary>Calls answered.</summary>
    public long Ok => Report?.Ok ?? Progress?.Ok ?? 0;

    /// <summary>429s that agents saw.</summary>
    public long Refused => Report?.Refused429 ?? Progress?.Refused429 ?? 0;

    /// <summary>Calls given up after their last retry was refused.</summary>
    public long GaveUp => Report?.GaveUp ?? Progress?.GaveUp ?? 0;

    /// <summary>Calls that failed otherwise.</summary>
    public long Failed => Report?.Failed ?? Progress?.Failed ?? 0;

    /// <inheritdoc cref="FleetReport.UntilAnswer"/>
    public IReadOnlyDictionary<FleetPriority, WaitReport> UntilAnswer =>
        Report?.UntilAnswer ?? Progress?.UntilAnswer ?? new Dictionary<FleetPriority, WaitReport>();

    /// <summary>The calls that the provider has refused.</summary>
    public long ProviderRefused { get; private set; }

    /// <summary>What the provider accepted over what it would have let through, on the dimension that binds, 0 to 1.</summary>
    public double Utilization { get; private set; }

    /// <summary>Runs the fleet to its end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report = await Fleet.RunAsync(fleet, this, cancellationToken: cancellationToken);
        ReadProvider();
    }

    /// <inheritdoc/>
    void IProgress<FleetProgress>.Report(FleetProgress value)
    {
        Progress = value;
        ReadProvider();
    }

    private void ReadProvider()
    {
        var seen = provider.Report();
        ProviderRefused = seen.Rejected;
        Utilization = seen.Deployments[0].Utilization;
    }
}
