namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplication.cs</summary>
public class FunctionsApplication
{
    /// <summary>Azure/azure-functions-dotnet-worker: src/DotNetWorker/Builder/FunctionsApplication.cs</summary>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => throw null!;
}
