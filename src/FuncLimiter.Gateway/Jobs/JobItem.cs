using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>One call of a job, taken from the store to be run.</summary>
/// <param name="Key">Which.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Call">What is asked.</param>
/// <param name="Deadline">When it must have ended.</param>
/// <param name="Failures">How many attempts at a provider failed so far.</param>
public sealed record JobItem(JobItemKey Key, string Tenant, JobCall Call, DateTimeOffset Deadline, int Failures);

/// <summary>One call of a job.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Index">The call's place in it, from 0.</param>
public readonly record struct JobItemKey(string Job, int Index)
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
