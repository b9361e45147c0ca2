using FuncLimiter.Functions.Batches;
using Microsoft.Azure.Functions.Worker;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activities of a job that a provider's batch service has.</summary>
internal sealed class BatchActivities(BatchWork work)
{
    /// <summary>Makes the batch.</summary>
    /// <param name="input">Of which job.</param>
    [Function(nameof(SubmitBatch))]
    public async Task<YesOrNo> SubmitBatch([ActivityTrigger] JobInput input, CancellationToken cancellationToken) =>
        new(await work.SubmitAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(SubmitBatch)) };

    /// <summary>Looks whether it is over.</summary>
    /// <param name="input">Of which job.</param>
    [Function(nameof(FollowBatch))]
    public async Task<YesOrNo> FollowBatch([ActivityTrigger] JobInput input, CancellationToken cancellationToken) =>
        new(await work.IsOverAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(FollowBatch)) };

    /// <summary>Keeps what it answered.</summary>
    /// <param name="input">Of which job.</param>
    [Function(nameof(FetchBatch))]
    public async Task<BatchAnswers> FetchBatch([ActivityTrigger] JobInput input, CancellationToken cancellationToken) =>
        new(await work.FetchAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(FetchBatch)) };

    /// <summary>Gives it up.</summary>
    /// <param name="input">Of which job.</param>
    [Function(nameof(CancelBatch))]
    public async Task<YesOrNo> CancelBatch([ActivityTrigger] JobInput input, CancellationToken cancellationToken) =>
        new(await work.CancelAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(CancelBatch)) };
}
