using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Leasing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activities of a job that a provider's batch service has.</summary>
internal sealed class BatchActivities(BatchWork work, DurableClientSource clients)
{
    /// <summary>Makes the batch.</summary>
    /// <param name="input">Of which job.</param>
    /// <param name="client">Reaches the owners of budgets.</param>
    [Function(nameof(SubmitBatch))]
    public async Task<YesOrNo> SubmitBatch([ActivityTrigger] JobInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return new(await work.SubmitAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(SubmitBatch)) };
    }

    /// <summary>Looks whether it is over.</summary>
    /// <param name="input">Of which job.</param>
    /// <param name="client">Reaches the owners of budgets.</param>
    [Function(nameof(FollowBatch))]
    public async Task<YesOrNo> FollowBatch([ActivityTrigger] JobInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return new(await work.IsOverAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(FollowBatch)) };
    }

    /// <summary>Keeps what it answered.</summary>
    /// <param name="input">Of which job.</param>
    /// <param name="client">Reaches the owners of budgets.</param>
    [Function(nameof(FetchBatch))]
    public async Task<BatchAnswers> FetchBatch([ActivityTrigger] JobInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return new(await work.FetchAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(FetchBatch)) };
    }

    /// <summary>Gives it up.</summary>
    /// <param name="input">Of which job.</param>
    /// <param name="client">Reaches the owners of budgets.</param>
    [Function(nameof(CancelBatch))]
    public async Task<YesOrNo> CancelBatch([ActivityTrigger] JobInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return new(await work.CancelAsync(input.Job, cancellationToken)) { Question = input.Question(nameof(CancelBatch)) };
    }
}
