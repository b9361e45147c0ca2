using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Jobs.Batches;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>One call of a job, taken from the store to be run.</summary>
/// <param name="Key">Which.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Call">What is asked.</param>
/// <param name="Deadline">When it must have ended.</param>
/// <param name="Failures">How many attempts at a provider failed so far.</param>
internal sealed record JobItem(JobItemKey Key, string Tenant, JobCall Call, DateTimeOffset Deadline, int Failures);

/// <summary>One call of a job.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Index">The call's place in it, from 0.</param>
internal readonly record struct JobItemKey(string Job, int Index)
{
    /// <summary>The same as a text: the key under which providers may treat repeats as one call.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Job}-{Index}");
}

/// <summary>How far one call of a job is. The last four are final.</summary>
public enum JobItemState
{
    /// <summary>Not begun, or to be tried again.</summary>
    Waiting,

    /// <summary>Waits for admission, or is under way.</summary>
    Running,

    /// <summary>Answered.</summary>
    Succeeded,

    /// <summary>Answered with an error that repeating does not mend.</summary>
    Failed,

    /// <summary>Given up by its tenant.</summary>
    Cancelled,

    /// <summary>Not answered before its deadline.</summary>
    Expired,
}

/// <summary>How one call of a job ended; there is exactly one for each.</summary>
/// <param name="State">A final state.</param>
/// <param name="EndedAt">When.</param>
/// <param name="Status">The HTTP status of its answer; 0 where it was never answered.</param>
internal sealed record JobItemResult(JobItemState State, DateTimeOffset EndedAt, int Status)
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

    /// <summary>The result of a call that was answered.</summary>
    public static JobItemResult Of(JobItemState state, DateTimeOffset endedAt, CallResult answer) => new(state, endedAt, answer.Status)
    {
        Headers = answer.Headers,
        Body = answer.Body,
        Deployment = answer.Deployment,
        Usage = answer.Usage,
        Attempts = answer.Attempts,
    };
}

/// <summary>One call of a job, as it was asked for.</summary>
/// <param name="Path">One of the drop-in paths, with its query string if it has one, for example <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="Priority">The class.</param>
internal sealed record JobCall(string Path, ReadOnlyMemory<byte> Body, Priority Priority)
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

    /// <summary>The batch service that is to take it; null where it is made normally. Told by whoever accepts it.</summary>
    public BatchLane? Batch { get; init; }

    /// <summary>The tokens foreseen, where a batch service is to take it.</summary>
    public long BatchTokens { get; init; }

    /// <summary>Its lane's name, see <see cref="JobLane"/>; told by whoever accepts it.</summary>
    public string Lane { get; init; } = string.Empty;
}
