namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>How answers are kept under idempotency keys.</summary>
public sealed record IdempotencyOptions
{
    /// <summary>How long; default 24 hours.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The largest answer that is kept, in bytes; the key of a larger one is free again once it was given. Default 8 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 8 * 1024 * 1024;
}
