using System.Diagnostics.Metrics;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Admission;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Functions.Hosting;

/// <summary>What alerts and the workbook look at, as metrics of this instance.</summary>
internal sealed class LimiterMetrics(ILimiter limiter, EntityLeaseOwners owners) : IHostedService, IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "FuncLimiter";

    private const int MostBudgets = 1_000;

    private readonly Meter _meter = new(Name);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("funclimiter.budget.utilization", Utilization, "1", "Share of a budget's tightest limit in use.");
        _meter.CreateObservableGauge("funclimiter.calls.waiting", () => limiter.Report().Waiting, "{call}", "Calls that wait.");
        _meter.CreateObservableCounter("funclimiter.calls.admitted", () => limiter.Report().Admitted, "{call}", "Calls let out.");
        _meter.CreateObservableCounter("funclimiter.calls.refused", () => limiter.Report().Refused, "{call}", "Calls refused.");
        _meter.CreateObservableCounter(
            "funclimiter.provider.rate_limited", () => limiter.Report().RateLimited, "{call}", "Rate limit failures that providers answered.");
        _meter.CreateObservableCounter(
            "funclimiter.lease.operations", () => owners.Asked, "{operation}", "Operations asked of the entities that own budgets.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<double>> Utilization() => limiter.Report().Budgets.Take(MostBudgets)
        .Select(static budget => new Measurement<double>(budget.Utilization, new KeyValuePair<string, object?>("budget", budget.Name)));
}
