using System;
using System.Collections.Generic;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplicationBuilder.cs</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder
{
    internal FunctionsApplicationBuilder()
    {
    }

    /// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplicationBuilder.cs</summary>
    public IServiceCollection Services => throw null!;

    /// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplicationBuilder.cs</summary>
    public ConfigurationManager Configuration => throw null!;

    IConfigurationManager IHostApplicationBuilder.Configuration => throw null!;

    IDictionary<object, object> IHostApplicationBuilder.Properties => throw null!;

    IHostEnvironment IHostApplicationBuilder.Environment => throw null!;

    ILoggingBuilder IHostApplicationBuilder.Logging => throw null!;

    IMetricsBuilder IHostApplicationBuilder.Metrics => throw null!;

    /// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplicationBuilder.cs</summary>
    public IHost Build() => throw null!;

    void IHostApplicationBuilder.ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure) => throw null!;
}
