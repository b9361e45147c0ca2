using OpenTelemetry;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>open-telemetry/opentelemetry-dotnet: src/OpenTelemetry.Extensions.Hosting/.publicApi/Stable/PublicAPI.Shipped.txt</summary>
public static class OpenTelemetryServicesExtensions
{
    /// <summary>open-telemetry/opentelemetry-dotnet: src/OpenTelemetry.Extensions.Hosting/.publicApi/Stable/PublicAPI.Shipped.txt</summary>
    public static OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services) => throw null!;
}
