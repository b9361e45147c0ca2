#nullable disable
using System;

namespace Azure.Messaging.ServiceBus;

/// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
public partial class ServiceBusMessage
{
    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public ServiceBusMessage(BinaryData body) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string ContentType { get => throw null; set => throw null; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string CorrelationId { get => throw null; set => throw null; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string MessageId { get => throw null; set => throw null; }
}
