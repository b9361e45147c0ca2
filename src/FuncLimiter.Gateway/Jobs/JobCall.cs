using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs.Batches;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>One call of a job, as it was asked for.</summary>
/// <param name="Path">One of the drop-in paths, with its query string if it has one, for example <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="Priority">The class.</param>
public sealed record JobCall(string Path, ReadOnlyMemory<byte> Body, Priority Priority)
{
    /// <summary>The tenant's own name for its user, or null.</summary>
    public string? User { get; init; }

    /// <summary>The workflow's name, or null.</summary>
    public string? Workflow { get; init; }

    /// <summary>The step's name, or null.</summary>
    public string? Step { get; init; }

    /// <summary>The run's id, or null.</summary>
    public string? Run { get; init; }

    /// <summary>Whether smaller models may serve it; null leaves that to the route's rules.</summary>
    public Diversion? Tier { get; init; }

    /// <summary>Headers to pass on (versions, betas, tracing), no credentials.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>How long it may take in all; null for the configuration's own bound.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>The batch service that is to take it; null where it is made as others are. Told by whoever accepts it.</summary>
    public BatchLane? Batch { get; init; }

    /// <summary>The tokens foreseen, where a batch service is to take it.</summary>
    public long BatchTokens { get; init; }

    /// <summary>Its lane's name, see <see cref="JobLane"/>; told by whoever accepts it.</summary>
    public string Lane { get; init; } = string.Empty;
}
