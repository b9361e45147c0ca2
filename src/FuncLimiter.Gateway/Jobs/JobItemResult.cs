using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>How one call of a job ended; there is exactly one for each.</summary>
/// <param name="State">A final state.</param>
/// <param name="EndedAt">When.</param>
/// <param name="Status">The HTTP status of its answer; 0 where it was never answered.</param>
public sealed record JobItemResult(JobItemState State, DateTimeOffset EndedAt, int Status)
{
    /// <summary>The answer's headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The answer's body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What served it, as <c>account/model</c>, or null.</summary>
    public string? Deployment { get; init; }

    /// <summary>The tokens used, where known.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>How many times a provider was asked in its last run.</summary>
    public int Attempts { get; init; }
}
