#nullable disable
using System.Threading;
using System.Threading.Tasks;

namespace Azure.Messaging.ServiceBus;

/// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
public partial class ServiceBusSender
{
    internal ServiceBusSender()
    {
    }

    /// <summary>Azure/azure-sdk-for-net: sdk/servicebus/Azure.Messaging.ServiceBus/api/Azure.Messaging.ServiceBus.net8.0.cs</summary>
    public virtual Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) => throw null;
}
