using OpenTelemetry;

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry;

/// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker.OpenTelemetry/ConfigureFunctionsOpenTelemetry.cs</summary>
public static class ConfigureFunctionsOpenTelemetry
{
    /// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker.OpenTelemetry/ConfigureFunctionsOpenTelemetry.cs</summary>
    public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder) => throw null!;
}
