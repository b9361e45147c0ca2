using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Orchestrators;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activities of a job that a provider's batch service has.</summary>
internal sealed class BatchActivities(BatchWork work)
{
    /// <summary>Makes the batch.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(SubmitBatch))]
    public Task<bool> SubmitBatch([ActivityTrigger] string job, CancellationToken cancellationToken) => work.SubmitAsync(job, cancellationToken);

    /// <summary>Looks whether it is over.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(FollowBatch))]
    public Task<bool> FollowBatch([ActivityTrigger] string job, CancellationToken cancellationToken) => work.IsOverAsync(job, cancellationToken);

    /// <summary>Keeps what it answered.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(FetchBatch))]
    public Task<JobTally> FetchBatch([ActivityTrigger] string job, CancellationToken cancellationToken) => work.FetchAsync(job, cancellationToken);

    /// <summary>Gives it up.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(CancelBatch))]
    public Task<bool> CancelBatch([ActivityTrigger] string job, CancellationToken cancellationToken) => work.CancelAsync(job, cancellationToken);
}
