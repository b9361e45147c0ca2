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
    public IReadOnlyDictionary<string, object> ApplicationProperties { get; internal set; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public BinaryData Body { get; internal set; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string CorrelationId { get; internal set; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public int DeliveryCount { get; internal set; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string MessageId { get; internal set; }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public string ReplyTo { get; internal set; }
}
