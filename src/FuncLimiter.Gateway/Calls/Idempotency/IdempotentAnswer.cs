using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>What became of a call under an idempotency key.</summary>
public enum IdempotentOutcome
{
    /// <summary>It was made now.</summary>
    Fresh,

    /// <summary>It was made before, or at the same time by another request; this is the same answer.</summary>
    Replayed,

    /// <summary>Something else was asked before under the same key; nothing was done (422).</summary>
    Different,

    /// <summary>It is being streamed to another request under the same key, or would have to be; nothing was done (409).</summary>
    InFlight,
}

/// <summary>What became of a call under an idempotency key.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Result">The answer; null where nothing was done.</param>
public sealed record IdempotentAnswer(IdempotentOutcome Outcome, CallResult? Result)
{
    /// <summary>True where there is an answer to give.</summary>
    [MemberNotNullWhen(true, nameof(Result))]
    public bool IsAnswered => Result is not null;
}
