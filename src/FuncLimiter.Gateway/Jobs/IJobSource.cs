namespace FuncLimiter.Gateway.Jobs;

/// <summary>A store out of which a process takes jobs' calls to run them itself.</summary>
public interface IJobSource : IJobStore
{
    /// <summary>
    /// Takes waiting calls to be run: higher classes first, tenants of one class by their weights, one tenant's calls in order;
    /// ends those whose deadline has passed.
    /// </summary>
    /// <param name="slots">How many.</param>
    /// <param name="now">The present.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<JobTaking> TakeAsync(JobSlots slots, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Puts back every call that was running when the process died; to be called before the first is taken.</summary>
    Task<int> RequeueAsync(CancellationToken cancellationToken);

    /// <summary>Puts a running call back, not to be taken before an instant.</summary>
    /// <param name="item">The call.</param>
    /// <param name="notBefore">The instant.</param>
    /// <param name="failures">How many of its attempts have failed so far.</param>
    Task PostponeAsync(JobItemKey item, DateTimeOffset notBefore, int failures);

    /// <summary>Ends a call, if it has not ended already; it survives a crash once this has completed.</summary>
    /// <param name="item">The call.</param>
    /// <param name="result">How it ended.</param>
    /// <returns>True where this is the call's one result.</returns>
    Task<bool> EndAsync(JobItemKey item, JobItemResult result);
}
