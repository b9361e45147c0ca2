using System.Runtime.CompilerServices;
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

    private readonly List<IDisposable> _exports = [];

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Wants("METRICS"))
        {
            SendMetrics();
        }

        if (Wants("TRACES"))
        {
            SendTraces();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _exports.ForEach(static export => export.Dispose());
    }

    // Methods of their own, so that OpenTelemetry's assemblies, and the descriptors that they take, are there only where something is sent.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SendMetrics() =>
        _exports.Add(Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(MetricNames.Source).AddOtlpExporter().Build());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SendTraces() =>
        _exports.Add(Sdk.CreateTracerProviderBuilder().ConfigureResource(Name).AddSource(MetricNames.Source).AddOtlpExporter().Build());

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
