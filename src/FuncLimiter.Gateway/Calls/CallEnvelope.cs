using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One call as it was received, whole enough to be made later by another process.</summary>
/// <param name="Dialect">The dialect in which it was asked and must be answered.</param>
/// <param name="Facts">What was read from the body.</param>
/// <param name="Body">The body's bytes, as received.</param>
/// <param name="Caller">Who calls.</param>
/// <param name="Query">The query string with its question mark, or empty.</param>
/// <param name="Headers">The caller's headers that are passed on (versions, betas, tracing), no credentials.</param>
public sealed record CallEnvelope(
    Dialect Dialect, RequestFacts Facts, ReadOnlyMemory<byte> Body, Caller Caller, string Query, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>The longest wait that the caller will bear, over its priority's own bound; null for none.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>
    /// Whether who sent it tries again by itself where there is no room or a provider fails: then an end that is no answer is not the call's.
    /// </summary>
    public bool IsTriedAgain { get; init; }

    /// <summary>How it is passed on as it is; null for what FuncLimiter understands, and can translate.</summary>
    public PassedCall? Passed { get; init; }

    /// <summary>The one account that may serve it, since it keeps what the call goes on from; null where any may.</summary>
    public string? KeptBy { get; init; }

    /// <summary>Whether it is one of the answers on a connection, which has its place among concurrent calls already.</summary>
    public bool IsTurn { get; init; }

    /// <summary>The key under which the provider and FuncLimiter treat repeats as one call; null for none.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>How a call ended: the provider's answer, or a refusal in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers to answer with.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="Deployment">What served it, as <c>account/model</c>; null where it was refused.</param>
/// <param name="Usage">The tokens used, where known.</param>
/// <param name="Attempts">How many times a provider was asked.</param>
public sealed record CallResult(
    int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body, string? Deployment, TokenUsage? Usage, int Attempts);
