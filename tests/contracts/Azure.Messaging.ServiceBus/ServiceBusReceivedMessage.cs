#nullable disable
using System;
using System.Collections.Generic;

namespace Azure.Messaging.ServiceBus;

/// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
public partial class ServiceBusReceivedMessage
{
    internal ServiceBusReceivedMessage()
    {
    }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public IReadOnlyDictionary<string, object> ApplicationProperties => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public BinaryData Body => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string CorrelationId => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public int DeliveryCount => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string MessageId => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string ReplyTo => throw null;
}
