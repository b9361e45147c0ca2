using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace FuncLimiter.Client;

/// <summary>A call that is made when there is room.</summary>
/// <param name="Path">The path of the drop-in call, for example <c>/v1/chat/completions</c>.</param>
/// <param name="Body">Its body.</param>
public sealed record JobCall(string Path, JsonNode Body)
{
    /// <summary>How urgent it is; null for the tenant's default.</summary>
    public CallPriority? Priority { get; init; }

    /// <summary>The user for whom it is made.</summary>
    public string? User { get; init; }

    /// <summary>The workflow that it is a part of.</summary>
    public string? Workflow { get; init; }

    /// <summary>The workflow's step.</summary>
    public string? Step { get; init; }

    /// <summary>The workflow's run.</summary>
    public string? Run { get; init; }

    /// <summary>After how many seconds it is of no use; null for the configured time.</summary>
    public double? DeadlineSeconds { get; init; }

    /// <summary>Where the outcome is sent to, signed.</summary>
    public Uri? Webhook { get; init; }
}

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>No call of it has begun.</summary>
    Waiting,

    /// <summary>Some call of it has begun.</summary>
    Running,

    /// <summary>All calls have ended.</summary>
    Done,

    /// <summary>All calls have ended, and some were given up.</summary>
    Cancelled,
}

/// <summary>Where a call of a job stands.</summary>
public enum JobCallState
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It is under way.</summary>
    Running,

    /// <summary>The provider answered it.</summary>
    Succeeded,

    /// <summary>It failed for good.</summary>
    Failed,

    /// <summary>It was given up.</summary>
    Cancelled,

    /// <summary>Its deadline passed.</summary>
    Expired,
}

/// <summary>A job as FuncLimiter shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Where it stands.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Progress">How many of its calls stand where.</param>
public sealed record Job(string Id, JobState State, DateTimeOffset AcceptedAt, JobProgress Progress)
{
    /// <summary>When its last call ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its place in the queue; null where it has none.</summary>
    public JobPlace? Queue { get; init; }

    /// <summary>How the only call ended; null while it lasts, and for lists.</summary>
    public JobResult? Result { get; init; }

    /// <summary>The first calls of a list; the others come by <see cref="FuncLimiterClient.GetJobItemsAsync"/>.</summary>
    public IReadOnlyList<JobItem> Items { get; init; } = [];

    /// <summary>Where the next items are; null where there are none.</summary>
    public string? Next { get; init; }

    /// <summary>Whether all its calls have ended.</summary>
    [JsonIgnore]
    public bool HasEnded => State is JobState.Done or JobState.Cancelled;
}

/// <summary>How many calls of a job stand where.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Waiting">Those that have not begun.</param>
/// <param name="Running">Those under way.</param>
/// <param name="Succeeded">Those that were answered.</param>
/// <param name="Failed">Those that failed for good.</param>
/// <param name="Cancelled">Those that were given up.</param>
/// <param name="Expired">Those whose deadline passed.</param>
public sealed record JobProgress(int Total, int Waiting, int Running, int Succeeded, int Failed, int Cancelled, int Expired);

/// <summary>A job's place in the queue.</summary>
/// <param name="Ahead">How many calls go before its next one.</param>
/// <param name="EstimatedStartAt">When its next call is likely to begin; null where nothing is known to go by.</param>
/// <param name="EstimatedEndAt">When its last call is likely to end; null where nothing is known to go by.</param>
public sealed record JobPlace(int Ahead, DateTimeOffset? EstimatedStartAt, DateTimeOffset? EstimatedEndAt);

/// <summary>A call of a list.</summary>
/// <param name="Index">Its place in the list, from 0.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Result">How it ended; null while it lasts.</param>
public sealed record JobItem(int Index, JobCallState State, JobResult? Result);

/// <summary>How a call of a job ended.</summary>
/// <param name="State">Its state.</param>
/// <param name="EndedAt">When it ended.</param>
public sealed record JobResult(JobCallState State, DateTimeOffset EndedAt)
{
    /// <summary>The status that the caller would have been answered; null where there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>The answer's headers.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The answer's body, where it is JSON.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The answer's body, where it is other text.</summary>
    public string? BodyText { get; init; }

    /// <summary>The answer's body, where it is no text.</summary>
    public ReadOnlyMemory<byte>? BodyBase64 { get; init; }

    /// <summary>The deployment that answered.</summary>
    public string? Deployment { get; init; }

    /// <summary>How many attempts were made.</summary>
    public int Attempts { get; init; }

    /// <summary>The tokens used.</summary>
    public JobUsage? Usage { get; init; }
}

/// <summary>Tokens that a call of a job used.</summary>
/// <param name="InputTokens">All input tokens.</param>
/// <param name="CachedInputTokens">The part read from the provider's prompt cache.</param>
/// <param name="OutputTokens">All output tokens.</param>
public sealed record JobUsage(long InputTokens, long CachedInputTokens, long OutputTokens);
