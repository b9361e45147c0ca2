namespace FuncLimiter.Gateway.Jobs;

/// <summary>A job to be stored.</summary>
/// <param name="Id">Its id, not to be guessed.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Items">Its calls with the deadline of each.</param>
public sealed record NewJob(string Id, string Tenant, DateTimeOffset AcceptedAt, IReadOnlyList<(JobCall Call, DateTimeOffset Deadline)> Items)
{
    /// <summary>Whether its outcome is a list.</summary>
    public bool IsList { get; init; }

    /// <summary>Where its outcome is sent, or null.</summary>
    public string? Webhook { get; init; }

    /// <summary>The queue that its outcome is sent to, or null.</summary>
    public JobReply? Reply { get; init; }

    /// <summary>The tenant's share against others; above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The caller's key under which repeats are one job, or null.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What makes two requests the same: SHA-256 of what was asked.</summary>
    public ReadOnlyMemory<byte> Fingerprint { get; init; }
}
