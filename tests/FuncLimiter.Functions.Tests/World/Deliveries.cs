using System.Reflection;
using System.Text;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>Makes messages as a queue delivers them.</summary>
internal static class Deliveries
{
    /// <summary>A message. Nobody but its package makes one, so its properties are set past their setters.</summary>
    public static ServiceBusReceivedMessage Message(string id, string body, string? key, string? replyTo = null, string? correlationId = null, int deliveries = 1)
    {
        var properties = new Dictionary<string, object>();
        if (key is not null)
        {
            properties["Authorization"] = $"Bearer {key}";
        }

        var values = new Dictionary<string, object?>
        {
            ["body"] = BinaryData.FromBytes(Encoding.UTF8.GetBytes(body)),
            ["messageId"] = id,
            ["replyTo"] = replyTo,
            ["correlationId"] = correlationId,
            ["deliveryCount"] = deliveries,
            [nameof(properties)] = properties,
        };
        return typeof(ServiceBusReceivedMessage).Assembly.GetType("Azure.Messaging.ServiceBus.ServiceBusModelFactory") is { } factory
            ? FromPackage(factory, values)
            : FromContract(values);
    }

    private static ServiceBusReceivedMessage FromPackage(Type factory, Dictionary<string, object?> values)
    {
        var method = factory.GetMethods().Single(method =>
            method.Name == nameof(ServiceBusReceivedMessage) && method.GetParameters().All(parameter => parameter.IsOptional));
        var arguments = method.GetParameters().Select(parameter => values.GetValueOrDefault(parameter.Name!) ?? Type.Missing);
        return (ServiceBusReceivedMessage)method.Invoke(null, BindingFlags.OptionalParamBinding, null, [.. arguments], null)!;
    }

    private static ServiceBusReceivedMessage FromContract(Dictionary<string, object?> values)
    {
        var message = (ServiceBusReceivedMessage)Activator.CreateInstance(typeof(ServiceBusReceivedMessage), true)!;
        foreach (var property in typeof(ServiceBusReceivedMessage).GetProperties())
        {
            property.SetValue(message, values.Single(value =>
                value.Key.Equals(property.Name, StringComparison.OrdinalIgnoreCase) || $"Application{value.Key}".Equals(property.Name, StringComparison.OrdinalIgnoreCase)).Value);
        }

        return message;
    }
}

/// <summary>Keeps how messages were settled.</summary>
internal sealed class SettlementRecords : ServiceBusMessageActions
{
    /// <summary>Each settlement: the message, what became of it, and why.</summary>
    public List<(string Message, string Settlement, string? Reason, string? Description)> All { get; } = [];

    public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        AddAsync(message, "complete");

    public override Task AbandonMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null, CancellationToken cancellationToken = default) =>
        AddAsync(message, "abandon");

    public override Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message, Dictionary<string, object>? propertiesToModify = null, string? deadLetterReason = null,
        string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) =>
        AddAsync(message, "dead-letter", deadLetterReason, deadLetterErrorDescription);

    private Task AddAsync(ServiceBusReceivedMessage message, string settlement, string? reason = null, string? description = null)
    {
        All.Add((message.MessageId, settlement, reason, description));
        return Task.CompletedTask;
    }
}
