using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Azure.Messaging.ServiceBus;
using Grpc.Net.Client;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.ServiceBus.Grpc;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>
/// Stands in for the type of the same name, as far as the app uses it: has the host settle messages. Properties are not modified.
/// Source: Azure/azure-functions-dotnet-worker, extensions/Worker.Extensions.ServiceBus/src/ServiceBusMessageActions.cs.
/// </summary>
[InputConverter(typeof(ServiceBusMessageActionsConverter))]
public class ServiceBusMessageActions
{
    private readonly Settlement.SettlementClient _host;

    /// <summary>For tests, which override every member.</summary>
    protected ServiceBusMessageActions() => _host = null!;

    internal ServiceBusMessageActions(Settlement.SettlementClient host) => _host = host;

    /// <summary>The message is done with.</summary>
    public virtual async Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        await _host.CompleteAsync(new CompleteRequest { Locktoken = message.LockToken }, cancellationToken: cancellationToken);

    /// <summary>The message is to be delivered again.</summary>
    public virtual async Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default) =>
        await _host.AbandonAsync(new AbandonRequest { Locktoken = message.LockToken }, cancellationToken: cancellationToken);

    /// <summary>The message can't be taken.</summary>
    public virtual async Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default) =>
        await _host.DeadletterAsync(
            new DeadletterRequest { Locktoken = message.LockToken, DeadletterReason = deadLetterReason, DeadletterErrorDescription = deadLetterErrorDescription },
            cancellationToken: cancellationToken);
}

/// <summary>Gives functions what settles their messages, over a channel of its own to the host.</summary>
/// <param name="configuration">Names the host's address, as the worker was started with it.</param>
internal sealed class ServiceBusMessageActionsConverter(IConfiguration configuration) : IInputConverter
{
    private readonly ServiceBusMessageActions _actions =
        new(new Settlement.SettlementClient(GrpcChannel.ForAddress(configuration["Functions:Worker:HostEndpoint"]!)));

    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) => new(ConversionResult.Success(_actions));
}
