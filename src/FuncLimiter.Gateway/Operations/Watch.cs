using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Alerts;
using FuncLimiter.Gateway.Operations.History;
using FuncLimiter.Gateway.Operations.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations;

/// <summary>Looks at the limiter every second, keeps what operators want to see of it, and tells who listens.</summary>
internal sealed class Watch(
    ILimiter limiter, GatewayConfiguration configuration, TenantTallies tallies, AlertEngine alerts, TimeProvider time, ILogger<Watch> logger,
    GatewayMetrics? metrics = null)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Taken by whoever reads, and while it looks.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The last hour of every budget; to be read under the gate.</summary>
    public UseHistory History { get; } = new();

    /// <summary>The tenants' parts; to be read under the gate.</summary>
    public TenantShares Shares { get; } = new(configuration.Tenants);

    /// <summary>The last report.</summary>
    public LimiterReport Report { get; private set; } = new(Instant.Distant, [], [], 0, 0, 0, 0);

    /// <summary>Told after each look, under the gate.</summary>
    public event Action? Looked;

    /// <summary>Looks once.</summary>
    public void Look()
    {
        var began = time.GetTimestamp();
        LookNow();
        metrics?.Looked(time.GetElapsedTime(began));
    }

    private void LookNow()
    {
        var report = limiter.Report();
        lock (Gate)
        {
            Report = report;
            History.Add(report);
            Shares.Add(tallies, report.Queues, report.At);
            alerts.Step(History, report);
            Looked?.Invoke();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                Look();
            }
#pragma warning disable CA1031 // Whatever goes wrong in looking must not end the looking.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                logger.LogError(failure, "The limiter's state could not be taken in.");
            }
        }
        while (await NextAsync(timer, stoppingToken));
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
