using Microsoft.Extensions.DependencyInjection;

namespace OpenTelemetry;

/// <summary>open-telemetry/opentelemetry-dotnet: src/OpenTelemetry.Extensions.Hosting/.publicApi/Stable/PublicAPI.Shipped.txt</summary>
public sealed class OpenTelemetryBuilder : IOpenTelemetryBuilder
{
    internal OpenTelemetryBuilder()
    {
    }

    IServiceCollection IOpenTelemetryBuilder.Services => throw null!;
}
