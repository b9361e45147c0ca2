using System.Text.Json.Nodes;

namespace FuncLimiter.Client;

/// <summary>What an agent asks for before it calls a provider itself. Tags come from <see cref="CallTags.Current"/>.</summary>
/// <param name="Model">What is asked for: the name of a route.</param>
public sealed record ReservationRequest(string Model)
{
    /// <summary>The path that will be called, without <c>/v1/</c>; null for <c>chat/completions</c>, or <c>messages</c> where the route takes only those.</summary>
    public string? Operation { get; init; }

    /// <summary>Input tokens of the call, cached ones included; null where <see cref="Request"/> is given.</summary>
    public long? InputTokens { get; init; }

    /// <summary>The part of the input tokens that the provider's prompt cache will hold.</summary>
    public long? CachedInputTokens { get; init; }

    /// <summary>The bound on output tokens; null for what such calls are foreseen to use.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The call's body, to estimate its tokens from.</summary>
    public JsonNode? Request { get; init; }

    /// <summary>The longest wait in seconds, 0 to 86,400; null for the priority's.</summary>
    public double? MaxWaitSeconds { get; init; }

    /// <summary>After how many seconds a reservation that nobody settled counts as spent, 1 to 3,600; null for 300.</summary>
    public double? TtlSeconds { get; init; }
}

/// <summary>Leave to call a deployment now.</summary>
/// <param name="Id">The reservation's id.</param>
/// <param name="Deployment">The deployment to call, as FuncLimiter's configuration names it.</param>
/// <param name="Provider">Its provider.</param>
/// <param name="Model">The model's name at the provider.</param>
/// <param name="Endpoint">Where it is called.</param>
/// <param name="ExpiresAt">When the reservation counts as spent unless it is settled.</param>
/// <param name="WaitedMs">How long it waited, in milliseconds.</param>
public sealed record Reservation(string Id, string Deployment, string Provider, string Model, Uri Endpoint, DateTimeOffset ExpiresAt, long WaitedMs);

/// <summary>What a call under a reservation came to.</summary>
public sealed record Settlement
{
    /// <summary>The status that the provider answered; 0 where it was never reached, and then nothing is charged.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The tokens used; null where they are read from <see cref="Body"/>, or what was reserved stands.</summary>
    public UsedTokens? Usage { get; init; }

    /// <summary>The provider's response headers.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The provider's response body, for example an error.</summary>
    public JsonNode? Body { get; init; }
}

/// <summary>Tokens that a call used.</summary>
/// <param name="InputTokens">All input tokens, cached ones included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
/// <param name="CacheReadTokens">Input tokens read from the provider's prompt cache.</param>
/// <param name="CacheWriteTokens">Input tokens written to it.</param>
/// <param name="ReasoningTokens">Output tokens spent on reasoning.</param>
public sealed record UsedTokens(long InputTokens, long OutputTokens, long CacheReadTokens = 0, long CacheWriteTokens = 0, long ReasoningTokens = 0);

/// <summary>How FuncLimiter took a settlement.</summary>
/// <param name="Id">The reservation's id.</param>
/// <param name="Reason">What the provider's answer was taken for, for example <c>ok</c> or <c>rate_limited</c>.</param>
/// <param name="Retryable">Whether a new reservation for the same call can help.</param>
public sealed record Settled(string Id, string Reason, bool Retryable);
