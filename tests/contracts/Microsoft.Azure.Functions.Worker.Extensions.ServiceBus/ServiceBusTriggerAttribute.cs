using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusTriggerAttribute.cs</summary>
public sealed class ServiceBusTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusTriggerAttribute.cs</summary>
    public ServiceBusTriggerAttribute(string queueName)
    {
    }

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusTriggerAttribute.cs</summary>
    public string? Connection { get; set; }

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusTriggerAttribute.cs</summary>
    public bool AutoCompleteMessages { get; set; }
}
