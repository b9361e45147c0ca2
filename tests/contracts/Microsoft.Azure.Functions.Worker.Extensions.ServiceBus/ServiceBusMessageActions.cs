using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Azure.Messaging.ServiceBus;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs</summary>
public class ServiceBusMessageActions
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs</summary>
    protected ServiceBusMessageActions()
    {
    }

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs</summary>
    public virtual Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) => throw null!;

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs</summary>
    public virtual Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default) => throw null!;

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs</summary>
    public virtual Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default) => throw null!;
}
