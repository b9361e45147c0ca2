using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Jobs;
using FuncLimiter.Gateway.Jobs;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Triggers;

/// <summary>A message with a request for a job.</summary>
/// <param name="Id">Its id: repeats of it are one job.</param>
/// <param name="Body">The body of <c>POST /jobs</c>.</param>
/// <param name="Properties">Its properties; the tenant's key as in the headers of HTTP.</param>
/// <param name="ReplyTo">The queue that waits for the outcome, or null.</param>
/// <param name="CorrelationId">What the asker goes by, or null.</param>
/// <param name="DeliveryCount">How often it was delivered, this time included.</param>
internal sealed record RequestMessage(
    string Id, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, object> Properties, string? ReplyTo, string? CorrelationId, int DeliveryCount);

/// <summary>What is to become of a message.</summary>
internal abstract record Disposal
{
    /// <summary>It was taken: a job stands for it.</summary>
    internal sealed record Complete : Disposal;

    /// <summary>It can't be taken now.</summary>
    /// <param name="Delay">How long to hold it back before it is delivered again.</param>
    internal sealed record Abandon(TimeSpan Delay) : Disposal;

    /// <summary>It can never be taken.</summary>
    /// <param name="Reason">Why, in a word.</param>
    /// <param name="Description">Why, in a sentence.</param>
    internal sealed record DeadLetter(string Reason, string Description) : Disposal;
}

/// <summary>Makes jobs of messages: each at once, so that no message's lock is held while its calls wait.</summary>
internal sealed class RequestIntake(JobService jobs, MessageTenants tenants)
{
    private const int LongestId = 200;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(20);

    /// <summary>Takes a message; says what is to become of it.</summary>
    public async Task<Disposal> TakeAsync(RequestMessage message, CancellationToken cancellationToken)
    {
        if (tenants.Find(message.Properties, out var error) is not { } tenant)
        {
            return Reject(error!);
        }

        if (message.Id.Length is 0 or > LongestId)
        {
            return Reject(GatewayError.BadRequest("invalid_message_id", $"A message needs a MessageId of 1 to {LongestId} characters."));
        }

        if (!JobRequestReader.TryRead(message.Body, out var request, out error))
        {
            return Reject(error);
        }

        var acceptance = await jobs.AcceptAsync(
            tenant,
            request with
            {
                IdempotencyKey = $"message:{message.Id}",
                Reply = message.ReplyTo is { Length: > 0 } queue ? new JobReply(queue, message.CorrelationId ?? message.Id) : null,
            },
            cancellationToken);
        return acceptance.IsAccepted ? new Disposal.Complete()
            : acceptance.Error is { ShouldRetry: true } || acceptance.Error.Status >= 500 ? new Disposal.Abandon(HoldFor(message.DeliveryCount))
            : Reject(acceptance.Error);
    }

    /// <summary>How long a message that can't be taken now is held back before it is delivered again: the longer the oftener it came.</summary>
    public static TimeSpan HoldFor(int delivery)
    {
        var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Clamp(delivery, 1, 10)));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private static Disposal.DeadLetter Reject(GatewayError error) =>
        new(error.Code, error.Parameter is null ? error.Message : $"{error.Parameter}: {error.Message}");
}

/// <summary>Tells whose a message is: by the same keys as HTTP, carried in the message's properties under the names of the headers.</summary>
internal sealed class MessageTenants(TenantGate gate)
{
    private static readonly string[] Names = ["Authorization", "x-api-key", "api-key", "X-Tenant"];

    /// <summary>The tenant, or what is wrong with its key.</summary>
    public string? Find(IReadOnlyDictionary<string, object> properties, out GatewayError? error)
    {
        var headers = new HeaderDictionary();
        foreach (var name in Names)
        {
            var value = properties.FirstOrDefault(property => property.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
            if (value is string text)
            {
                headers[name] = text;
            }
        }

        return gate.Find(headers, out error);
    }
}
