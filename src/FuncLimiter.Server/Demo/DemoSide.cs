using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Demo;

/// <summary>One of the demonstration's two sides: a fleet, and the provider double that it ends up at.</summary>
/// <param name="provider">The double.</param>
/// <param name="fleet">The fleet.</param>
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
