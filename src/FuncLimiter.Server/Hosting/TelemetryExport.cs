using FuncLimiter.Gateway.Calls;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Sends metrics and traces over OTLP where OpenTelemetry's own environment variables say so (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, its
/// variants for one signal, <c>OTEL_METRICS_EXPORTER</c>, <c>OTEL_TRACES_EXPORTER</c>, <c>OTEL_SDK_DISABLED</c>). Nothing is sent otherwise.
/// </summary>
internal sealed class TelemetryExport(IConfiguration settings) : IHostedService, IDisposable
{
    private const string ServiceName = "OTEL_SERVICE_NAME";

    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Wants("METRICS"))
        {
            _metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(MetricNames.Source).AddOtlpExporter().Build();
        }

        if (Wants("TRACES"))
        {
            _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Name).AddSource(MetricNames.Source).AddOtlpExporter().Build();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
    }

    private bool Wants(string signal)
    {
        if (string.Equals(settings["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return settings[$"OTEL_{signal}_EXPORTER"] is { Length: > 0 } exporter
            ? exporter.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase)
            : settings["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } || settings[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] is { Length: > 0 };
    }

    private void Name(ResourceBuilder resource)
    {
        if (settings[ServiceName] is not { Length: > 0 })
        {
            resource.AddService("funclimiter");
        }
    }
}
