#nullable disable
using System;
using System.Threading.Tasks;
using Azure.Core;

namespace Azure.Messaging.ServiceBus;

/// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
public partial class ServiceBusClient : IAsyncDisposable
{
    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public ServiceBusClient(string connectionString) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public virtual ServiceBusSender CreateSender(string queueOrTopicName) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public virtual ValueTask DisposeAsync() => throw null;
}
