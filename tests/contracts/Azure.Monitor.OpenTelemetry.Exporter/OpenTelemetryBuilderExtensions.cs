#nullable disable
using System;
using OpenTelemetry;

namespace Azure.Monitor.OpenTelemetry.Exporter;

/// <summary>Azure/azure-sdk-for-net: sdk/monitor/Azure.Monitor.OpenTelemetry.Exporter/api/Azure.Monitor.OpenTelemetry.Exporter.net10.0.cs</summary>
public static class OpenTelemetryBuilderExtensions
{
    /// <summary>Azure/azure-sdk-for-net: sdk/monitor/Azure.Monitor.OpenTelemetry.Exporter/api/Azure.Monitor.OpenTelemetry.Exporter.net10.0.cs</summary>
    public static IOpenTelemetryBuilder UseAzureMonitorExporter(
        this IOpenTelemetryBuilder builder, Action<AzureMonitorExporterOptions> configureAzureMonitor) => throw null;
}
