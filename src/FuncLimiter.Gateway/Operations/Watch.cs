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
internal sealed class Watch : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly ILimiter _limiter;
    private readonly TenantTallies _tallies;
    private readonly AlertEngine _alerts;
    private readonly GatewayMetrics? _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Watch> _logger;

    public Watch(
        ILimiter limiter,
        GatewayConfiguration configuration,
        TenantTallies tallies,
        AlertEngine alerts,
        TimeProvider time,
        ILogger<Watch> logger,
        GatewayMetrics? metrics = null)
    {
        _metrics = metrics;
        (_limiter, _tallies, _alerts, _time, _logger) = (limiter, tallies, alerts, time, logger);
        Shares = new(configuration.Tenants);
    }

    /// <summary>Taken by whoever reads, and while it looks.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The last hour of every budget; to be read under the gate.</summary>
    public UseHistory History { get; } = new();

    /// <summary>The tenants' parts; to be read under the gate.</summary>
    public TenantShares Shares { get; }

    /// <summary>The last report.</summary>
    public LimiterReport Report { get; private set; } = new(Instant.Distant, [], [], 0, 0, 0, 0);

    /// <summary>Told after each look, under the gate.</summary>
    public event Action? Looked;

    /// <summary>Looks once.</summary>
    public void Look()
    {
        var began = _time.GetTimestamp();
        LookNow();
        _metrics?.Looked(_time.GetElapsedTime(began));
    }

    private void LookNow()
    {
        var report = _limiter.Report();
        lock (Gate)
        {
            Report = report;
            History.Add(report);
            Shares.Add(_tallies, report.Queues, report.At);
            _alerts.Step(History, report);
            Looked?.Invoke();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
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
                _logger.LogError(failure, "The limiter's state could not be taken in.");
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
