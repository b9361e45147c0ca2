using System.Diagnostics.Metrics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Gateway.Operations.Telemetry;

/// <summary>How budgets and queues stand, as instruments that are read when somebody collects them.</summary>
internal sealed class LimiterMetrics(GatewayMetrics metrics, LatestReport latest) : IHostedService
{
    private const int MostBudgets = 1_000;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = metrics.Meter;
        meter.CreateObservableGauge("funclimiter.budget.utilization", Utilization, "1", "Share of a budget's tightest limit in use.");
        meter.CreateObservableGauge("funclimiter.budget.headroom", Headroom, "1", "Share of a budget's tightest limit that is free.");
        meter.CreateObservableGauge("funclimiter.limit.configured", () => Meters(static limit => limit.Configured), "{unit}", "Limit as configured, per window.");
        meter.CreateObservableGauge("funclimiter.limit.effective", () => Meters(static limit => limit.Effective), "{unit}", "Limit in force as learned, per window.");
        meter.CreateObservableCounter("funclimiter.limit.consumed", () => Meters(static limit => limit.Total), "{unit}", "Taken since the start, less what was given back.");
        meter.CreateObservableGauge("funclimiter.calls.waiting", () => latest.Read().Waiting, "{call}", "Calls that wait.");
        meter.CreateObservableGauge("funclimiter.queue.waiting", () => Queues(static queues => queues.Sum(queue => queue.Waiting)), "{call}", "Calls that wait, by priority.");
        meter.CreateObservableGauge("funclimiter.queue.oldest", () => Queues(static queues => queues.Max(queue => queue.OldestSeconds)), "s", "The longest wait so far, by priority.");
        meter.CreateObservableCounter("funclimiter.calls.admitted", () => latest.Read().Admitted, "{call}", "Calls let out.");
        meter.CreateObservableCounter("funclimiter.calls.refused", () => latest.Read().Refused, "{call}", "Calls refused.");
        meter.CreateObservableCounter(
            "funclimiter.provider.rate_limited", () => latest.Read().RateLimited, "{call}", "Rate limit failures that providers answered.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<double>> Utilization() =>
        Budgets().Select(static budget => new Measurement<double>(budget.Utilization, new KeyValuePair<string, object?>("budget", budget.Name)));

    private IEnumerable<Measurement<double>> Headroom() =>
        Budgets().Select(static budget => new Measurement<double>(1 - budget.Utilization, new KeyValuePair<string, object?>("budget", budget.Name)));

    private IEnumerable<Measurement<double>> Meters(Func<MeterReport, double> value) => Budgets().SelectMany(budget => budget.Meters.Select(
        limit => new Measurement<double>(
            value(limit),
            new("budget", budget.Name),
            new("dimension", DimensionName.Of(limit.Dimension)),
            new("window_seconds", limit.WindowSeconds))));

    private IEnumerable<Measurement<double>> Queues(Func<IEnumerable<QueueReport>, double> value) => latest.Read().Queues
        .GroupBy(static queue => queue.Priority)
        .Select(queues => new Measurement<double>(value(queues), new KeyValuePair<string, object?>("priority", PriorityName.Of(queues.Key))));

    // Users are no labels: a million of them must not become a million series.
    private IEnumerable<BudgetReport> Budgets() =>
        latest.Read().Budgets.Where(static budget => !budget.Name.StartsWith("user:", StringComparison.Ordinal)).Take(MostBudgets);
}
