namespace FuncLimiter.Gateway.Jobs;

/// <summary>Keeps jobs safe across crashes. Each change is whole or not there; what has completed stays.</summary>
public interface IJobStore
{
    /// <summary>Stores a job; it survives a crash once this has completed.</summary>
    /// <param name="job">The job.</param>
    /// <param name="mostWaiting">How many calls that have not ended may be stored, of all jobs.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    Task<JobAddition> AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken);

    /// <summary>Ends all of a job's calls that have not ended, as cancelled.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="id">The job's id.</param>
    /// <param name="now">The present.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be cancelled all the same.</param>
    /// <returns>False where the tenant has no such job.</returns>
    Task<bool> CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Finds a job.</summary>
    /// <param name="tenant">Whose it must be.</param>
    /// <param name="id">The job's id.</param>
    /// <param name="page">Which of its calls to read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The job; null where the tenant has none such.</returns>
    Task<JobSnapshot?> FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken);

    /// <summary>Forgets jobs that have ended before an instant and whose outcome needs no delivery any more.</summary>
    /// <param name="endedBefore">The instant.</param>
    /// <param name="most">How many at once.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many.</returns>
    Task<int> SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken);
}
