namespace FuncLimiter.Gateway.Jobs;

/// <summary>Keeps jobs safe across crashes. Each change is whole or not there; what has completed stays.</summary>
internal interface IJobStore
{
    /// <summary>Stores a job; it survives a crash once this has completed.</summary>
    /// <param name="mostWaiting">How many calls that have not ended may be stored, of all jobs.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    Task<JobAddition> AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken);

    /// <summary>Ends all of a job's calls that have not ended, as cancelled.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be cancelled all the same.</param>
    /// <returns>False where the tenant has no such job.</returns>
    Task<bool> CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Finds a job.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="page">Which of its calls to read.</param>
    /// <returns>The job; null where the tenant has none such.</returns>
    Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken);

    /// <summary>Forgets jobs that have ended before an instant and whose outcome needs no delivery any more.</summary>
    /// <param name="most">How many at once.</param>
    /// <returns>How many.</returns>
    Task<int> SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken);
}

/// <summary>A store out of which a process takes jobs' calls to run them itself.</summary>
internal interface IJobSource : IJobStore
{
    /// <summary>
    /// Takes waiting calls to be run: higher classes first, tenants of one class by their weights, one tenant's calls in order;
    /// ends those whose deadline has passed.
    /// </summary>
    Task<JobTaking> TakeAsync(JobSlots slots, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Puts back every call that was running when the process died; to be called before the first is taken.</summary>
    Task<int> RequeueAsync(CancellationToken cancellationToken);

    /// <summary>Puts a running call back, not to be taken before an instant.</summary>
    /// <param name="failures">How many of its attempts have failed so far.</param>
    Task PostponeAsync(JobItemKey item, DateTimeOffset notBefore, int failures);

    /// <summary>Ends a call, if it has not ended already; it survives a crash once this has completed.</summary>
    /// <returns>True where this is the call's one result.</returns>
    Task<bool> EndAsync(JobItemKey item, JobItemResult result);
}
