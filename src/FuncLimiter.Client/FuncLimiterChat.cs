using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace FuncLimiter.Client;

/// <summary>Middleware for the chat clients of Microsoft.Extensions.AI.</summary>
public static class FuncLimiterChat
{
    /// <summary>
    /// Tags every call of a client whose requests go through a <see cref="FuncLimiterHandler"/>. Tags of <see cref="CallTags.Begin"/> win.
    /// </summary>
    /// <param name="builder">What builds the client.</param>
    /// <param name="tags">The tags.</param>
    public static ChatClientBuilder UseFuncLimiterTags(this ChatClientBuilder builder, CallTags tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(tags);
        return builder.Use(inner => new TaggedChatClient(inner, tags));
    }

    /// <summary>
    /// For a client that calls the provider itself: reserves before every call, and settles by what the answer says it used. A call that FuncLimiter
    /// refuses throws <see cref="FuncLimiterException"/> and is not made.
    /// </summary>
    /// <param name="builder">What builds the client.</param>
    /// <param name="limiter">Where to reserve.</param>
    /// <param name="route">The route to reserve from; null for the model that is asked for.</param>
    /// <param name="clientOf">
    /// The client of the deployment that a reservation names, where the route has several; null where all calls go to the one that is built upon.
    /// </param>
    public static ChatClientBuilder UseFuncLimiterReservations(
        this ChatClientBuilder builder, FuncLimiterClient limiter, string? route = null, Func<Reservation, IChatClient>? clientOf = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(limiter);
        return builder.Use(inner => new ReservingChatClient(inner, limiter, route, clientOf));
    }

    private sealed class TaggedChatClient(IChatClient inner, CallTags tags) : DelegatingChatClient(inner)
    {
        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            using var scope = CallTags.Begin(CallTags.Current.Over(tags));
            return await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            // The request leaves when the first update is asked for, which is within this scope.
            using var scope = CallTags.Begin(CallTags.Current.Over(tags));
            await foreach (var update in base.GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }
    }

    private sealed class ReservingChatClient(
        IChatClient inner, FuncLimiterClient limiter, string? route, Func<Reservation, IChatClient>? clientOf) : DelegatingChatClient(inner)
    {
        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            var asked = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
            var reservation = await ReserveAsync(asked, options, cancellationToken).ConfigureAwait(false);
            ChatResponse answer;
            try
            {
                answer = await ClientOf(reservation).GetResponseAsync(asked, options, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (Failed(failure) is { } settlement)
            {
                await limiter.SettleAsync(reservation, settlement, CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            await limiter.SettleAsync(reservation, Answered(answer.Usage), CancellationToken.None).ConfigureAwait(false);
            return answer;
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            var asked = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
            var reservation = await ReserveAsync(asked, options, cancellationToken).ConfigureAwait(false);

            // Whoever stops reading has had the provider's work all the same: what was reserved then stands.
            var settlement = new Settlement();
            UsageDetails? usage = null;
            var updates = ClientOf(reservation).GetStreamingResponseAsync(asked, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            try
            {
                while (true)
                {
                    try
                    {
                        if (!await updates.MoveNextAsync().ConfigureAwait(false))
                        {
                            break;
                        }
                    }
                    catch (Exception failure) when (Failed(failure) is { } failed)
                    {
                        settlement = failed;
                        throw;
                    }

                    usage = updates.Current.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                    settlement = usage is null ? settlement : Answered(usage);
                    yield return updates.Current;
                }
            }
            finally
            {
                await updates.DisposeAsync().ConfigureAwait(false);
                await limiter.SettleAsync(reservation, settlement, CancellationToken.None).ConfigureAwait(false);
            }
        }

        private Task<Reservation> ReserveAsync(IReadOnlyCollection<ChatMessage> messages, ChatOptions? options, CancellationToken cancellation)
        {
            var model = route ?? options?.ModelId ?? this.GetService<ChatClientMetadata>()?.DefaultModelId
                ?? throw new InvalidOperationException("No model is named: give a route, or ChatOptions.ModelId.");
            var request = new JsonObject
            {
                ["model"] = model,
                ["messages"] = new JsonArray([.. messages.Select(message => (JsonNode)new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text })]),
            };
            if (options?.MaxOutputTokens is { } most)
            {
                request["max_tokens"] = most;
            }

            return limiter.ReserveAsync(new ReservationRequest(model) { Request = request, MaxWaitSeconds = CallTags.Current.MaxWait?.TotalSeconds }, cancellation);
        }

        private IChatClient ClientOf(Reservation reservation) => clientOf?.Invoke(reservation) ?? InnerClient;

        private static Settlement Answered(UsageDetails? usage) => usage is { InputTokenCount: { } input, OutputTokenCount: { } output }
            ? new() { Usage = new(input, output, CacheReadTokens: Math.Min(input, usage.CachedInputTokenCount ?? 0), ReasoningTokens: Math.Min(output, usage.ReasoningTokenCount ?? 0)) }
            : new();

        // What else may be thrown says nothing of whether the provider did the work, so the reservation is left to count as spent.
        private static Settlement? Failed(Exception failure) => failure switch
        {
            ClientResultException { Status: > 0 } answered => new() { Status = answered.Status, Headers = Headers(answered.GetRawResponse()) },
            HttpRequestException { StatusCode: { } status } => new() { Status = (int)status },
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => new() { Status = 0 },
            _ => null,
        };

        private static Dictionary<string, string>? Headers(PipelineResponse? response) =>
            response?.Headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase);
    }
}
