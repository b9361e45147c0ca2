using System;
using System.Threading.Tasks;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>
/// Stands in for the attribute of the same name, as far as the app uses it: a queue's message, one at a time.
/// Source: Azure/azure-functions-dotnet-worker, extensions/Worker.Extensions.ServiceBus/src/ServiceBusTriggerAttribute.cs.
/// </summary>
/// <param name="queueName">The queue.</param>
[InputConverter(typeof(ServiceBusReceivedMessageConverter))]
public sealed class ServiceBusTriggerAttribute(string queueName) : TriggerBindingAttribute
{
    /// <summary>The queue.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The setting with the namespace's connection string.</summary>
    public string? Connection { get; set; }

    /// <summary>Whether the host completes what the function has taken without a failure.</summary>
    public bool AutoCompleteMessages { get; set; }
}

/// <summary>
/// Reads a message as the host hands it over: the lock's token, then the message in AMQP's encoding.
/// Source: Azure/azure-functions-dotnet-worker, extensions/Worker.Extensions.ServiceBus/src/ServiceBusReceivedMessageConverter.cs.
/// </summary>
[SupportsDeferredBinding]
internal sealed class ServiceBusReceivedMessageConverter : IInputConverter
{
    private const int TokenLength = 16;

    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        if (context.Source is not ModelBindingData data)
        {
            return new(ConversionResult.Unhandled());
        }

        var bytes = data.Content.ToMemory();
        var message = AmqpAnnotatedMessage.FromBytes(BinaryData.FromBytes(bytes[TokenLength..]));
        return new(ConversionResult.Success(ServiceBusReceivedMessage.FromAmqpMessage(message, BinaryData.FromBytes(bytes[..TokenLength]))));
    }
}
