using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>How many of a job's calls are in each state.</summary>
/// <param name="Total">All.</param>
/// <param name="Running">Under way, or waiting for admission.</param>
/// <param name="Succeeded">Answered.</param>
/// <param name="Failed">Answered with an error.</param>
/// <param name="Cancelled">Given up.</param>
/// <param name="Expired">Not answered in time.</param>
internal readonly record struct JobProgress(int Total, int Running, int Succeeded, int Failed, int Cancelled, int Expired)
{
    /// <summary>Those that have ended.</summary>
    public int Ended => Succeeded + Failed + Cancelled + Expired;

    /// <summary>Those that have not begun.</summary>
    public int Waiting => Total - Running - Ended;
}

/// <summary>Where a job's waiting calls stand in the queue of all jobs' calls.</summary>
/// <param name="AheadOfNext">Calls that go before its next one.</param>
/// <param name="AheadOfLast">Calls that go before its last one.</param>
/// <param name="NotBefore">When its next one may be tried at the earliest, where a limit said so.</param>
internal sealed record JobPlace(int AheadOfNext, int AheadOfLast, DateTimeOffset? NotBefore)
{
    /// <summary>Its tenant's calls that go before its next one.</summary>
    public int OwnAheadOfNext { get; init; }

    /// <summary>Its tenant's calls that go before its last one.</summary>
    public int OwnAheadOfLast { get; init; }
}

/// <summary>One call of a job, as it stands.</summary>
/// <param name="Index">Its place in the job.</param>
/// <param name="State">How far it is.</param>
/// <param name="Result">How it ended; null before.</param>
internal sealed record JobItemSnapshot(int Index, JobItemState State, JobItemResult? Result);

/// <summary>A job as it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="IsList">Whether its outcome is a list.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="EndedAt">When its last call ended; null before.</param>
/// <param name="Progress">Its calls by state.</param>
/// <param name="Items">Some of its calls, by index.</param>
internal sealed record JobSnapshot(
    string Id, string Tenant, bool IsList, DateTimeOffset AcceptedAt, DateTimeOffset? EndedAt, JobProgress Progress, IReadOnlyList<JobItemSnapshot> Items)
{
    /// <summary>Where its waiting calls stand; null where none waits.</summary>
    public JobPlace? Place { get; init; }

    /// <summary>How the delivery of its outcome stands; null where none was asked for.</summary>
    public DeliveryReport? Delivery { get; init; }
}

/// <summary>Which of a job's calls to show: at least one, however large, and no more than fit both bounds.</summary>
/// <param name="From">The first index.</param>
/// <param name="MostItems">How many at most.</param>
/// <param name="MostBytes">How many bytes of answers at most, from the second call on.</param>
internal readonly record struct JobPage(int From, int MostItems, int MostBytes)
{
    /// <summary>The first 100, of up to 4 MiB.</summary>
    public static readonly JobPage First = new(0, 100, 4 * 1024 * 1024);
}
