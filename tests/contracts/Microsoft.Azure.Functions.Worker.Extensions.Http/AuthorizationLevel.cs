namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/AuthorizationLevel.cs</summary>
public enum AuthorizationLevel
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/AuthorizationLevel.cs</summary>
    Anonymous = 0,

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/AuthorizationLevel.cs</summary>
    Function = 2,
}
