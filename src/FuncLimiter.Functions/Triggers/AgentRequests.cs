using Azure.Messaging.ServiceBus;
using FuncLimiter.Functions.Leasing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Takes requests from the queue <c>agent-requests</c> and settles each message by what became of it.</summary>
internal sealed class AgentRequests(RequestIntake intake, DurableClientSource clients, TimeProvider time)
{
    /// <summary>Takes a message.</summary>
    /// <param name="actions">Settles it.</param>
    /// <param name="client">Begins orchestrations.</param>
    /// <param name="cancellationToken">The process ends: the message is delivered again.</param>
    [Function(nameof(AgentRequests))]
    public async Task RunAsync(
        [ServiceBusTrigger("agent-requests", Connection = "ServiceBusConnection", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        clients.Use(client);
        var request = new RequestMessage(
            message.MessageId, message.Body.ToMemory(), message.ApplicationProperties, message.ReplyTo, message.CorrelationId, message.DeliveryCount);
        switch (await TakeAsync(request, cancellationToken))
        {
            case Disposal.Abandon abandon:
                // An abandoned message is delivered again at once: it is held back here, within its lock.
                await Task.Delay(abandon.Delay, time, cancellationToken);
                await actions.AbandonMessageAsync(message, null, cancellationToken);
                break;
            case Disposal.DeadLetter reject:
                await actions.DeadLetterMessageAsync(message, null, reject.Reason, reject.Description, cancellationToken);
                break;
            default:
                await actions.CompleteMessageAsync(message, cancellationToken);
                break;
        }
    }

    private async Task<Disposal> TakeAsync(RequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await intake.TakeAsync(request, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The host abandons what fails here. Held back as well, a message outlasts storage that is away for a while.
            await Task.Delay(RequestIntake.HoldFor(request.DeliveryCount), time, cancellationToken);
            throw;
        }
    }
}
