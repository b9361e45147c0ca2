using System.Diagnostics.Metrics;
using System.Threading.Channels;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Operations.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Alerts;

/// <summary>Tells of alerts: in the log, as metrics, and to the webhook.</summary>
internal sealed partial class AlertTeller : BackgroundService
{
    private const int MostWaiting = 256;

    private readonly AlertEngine _engine;
    private readonly AlertWebhook _webhook;
    private readonly Counter<long> _raised;
    private readonly ILogger<AlertTeller> _logger;
    private readonly Channel<AlertNotice> _waiting =
        Channel.CreateBounded<AlertNotice>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public AlertTeller(AlertEngine engine, AlertBoard board, AlertWebhook webhook, GatewayMetrics metrics, ILogger<AlertTeller> logger)
    {
        (_engine, _webhook, _logger) = (engine, webhook, logger);
        _raised = metrics.Meter.CreateCounter<long>("funclimiter.alerts.raised", "{alert}", "Alerts that began or became graver.");
        metrics.Meter.CreateObservableGauge(
            "funclimiter.alert.level",
            () => board.Standing.Select(static alert => new Measurement<int>((int)alert.Level, new KeyValuePair<string, object?>("budget", alert.Budget))),
            "1",
            "Alerts that stand: 1 warns, 2 acts.");
        engine.Changed += Tell;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _engine.Changed -= Tell;
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var notice in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await _webhook.SendAsync(notice, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not delivered by now stands in the log.
        }
    }

    private void Tell(AlertNotice notice)
    {
        var alert = notice.Alert;
        if (notice.Change == AlertChange.Raised)
        {
            _raised.Add(1, new KeyValuePair<string, object?>("level", AlertLevelName.Of(alert.Level)));
            LogRaised(alert.Budget, alert.Use, AlertLevelName.Of(alert.Level), alert.Cause ?? "no single cause stands out", string.Join("; ", alert.Steps));
        }
        else
        {
            LogCalmer(alert.Budget, alert.Use, AlertLevelName.Of(alert.Level));
        }

        if (_webhook.IsWanted)
        {
            _waiting.Writer.TryWrite(notice);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Budget} is used to {Use:P0}, level {Level}. Cause: {Cause}. Doing: {Steps}")]
    private partial void LogRaised(string budget, double use, string level, string cause, string steps);

    [LoggerMessage(LogLevel.Information, "{Budget} is used to {Use:P0}, level {Level} again.")]
    private partial void LogCalmer(string budget, double use, string level);
}
