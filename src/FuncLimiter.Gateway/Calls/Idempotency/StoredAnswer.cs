namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>The answer given under an idempotency key.</summary>
/// <param name="Fingerprint">SHA-256 of what was asked.</param>
/// <param name="Answer">The answer.</param>
public sealed record StoredAnswer(ReadOnlyMemory<byte> Fingerprint, CallResult Answer);
