using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>Keeps answers by tenant and idempotency key. Only whole answers: a crash before one is stored leaves the key unused.</summary>
internal interface IIdempotencyStore
{
    /// <summary>The answer under a key; null where there is none, or it has expired.</summary>
    Task<StoredAnswer?> FindAsync(string tenant, string key, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Stores an answer; it survives a crash once this has completed. An earlier one that has not expired stays.</summary>
    /// <param name="expiresAt">When it is forgotten.</param>
    Task StoreAsync(string tenant, string key, StoredAnswer answer, DateTimeOffset now, DateTimeOffset expiresAt);

    /// <summary>Forgets what has expired.</summary>
    /// <param name="most">How many at once.</param>
    /// <returns>How many.</returns>
    Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken);
}

/// <summary>What became of a call under an idempotency key.</summary>
internal enum IdempotentOutcome
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
internal sealed record IdempotentAnswer(IdempotentOutcome Outcome, CallResult? Result)
{
    /// <summary>True where there is an answer to give.</summary>
    [MemberNotNullWhen(true, nameof(Result))]
    public bool IsAnswered => Result is not null;
}

/// <summary>The answer given under an idempotency key.</summary>
/// <param name="Fingerprint">SHA-256 of what was asked.</param>
/// <param name="Answer">The answer.</param>
internal sealed record StoredAnswer(ReadOnlyMemory<byte> Fingerprint, CallResult Answer);

/// <summary>How answers are kept under idempotency keys.</summary>
internal sealed record IdempotencyOptions
{
    /// <summary>How long; default 24 hours.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The largest answer that is kept, in bytes; the key of a larger one is free again once it was given. Default 8 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 8 * 1024 * 1024;
}
