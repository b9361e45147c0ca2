using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/HttpTriggerAttribute.cs</summary>
public sealed class HttpTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/HttpTriggerAttribute.cs</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods) => Methods = methods;

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/HttpTriggerAttribute.cs</summary>
    public string? Route { get; set; }

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Http/src/HttpTriggerAttribute.cs</summary>
    public string[]? Methods { get; private set; }
}
