using System.Diagnostics.Metrics;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Functions.Hosting;

/// <summary>What leasing costs, as a metric of this instance beside those that the gateway has everywhere.</summary>
internal sealed class LeaseMetrics(EntityLeaseOwners owners) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(MetricNames.Source);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableCounter(
            "funclimiter.lease.operations", () => owners.Asked, "{operation}", "Operations asked of the entities that own budgets.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
