#nullable disable
using Azure.Core;

namespace Azure.Monitor.OpenTelemetry.Exporter;

/// <summary>Azure/azure-sdk-for-net: sdk/monitor/Azure.Monitor.OpenTelemetry.Exporter/api/Azure.Monitor.OpenTelemetry.Exporter.net10.0.cs</summary>
public class AzureMonitorExporterOptions : ClientOptions
{
    internal AzureMonitorExporterOptions()
    {
    }

    /// <summary>Azure/azure-sdk-for-net: sdk/monitor/Azure.Monitor.OpenTelemetry.Exporter/api/Azure.Monitor.OpenTelemetry.Exporter.net10.0.cs</summary>
    public TokenCredential Credential { get; set; }
}
