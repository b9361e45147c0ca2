namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http.AspNetCore/src/FunctionsApplicationBuilderAspNetCoreExtensions.cs</summary>
public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http.AspNetCore/src/FunctionsApplicationBuilderAspNetCoreExtensions.cs</summary>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => throw null!;
}
