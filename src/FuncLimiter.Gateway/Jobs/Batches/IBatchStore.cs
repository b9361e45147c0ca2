using FuncLimiter.Core.Batching;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>Keeps what goes through batch services safe across crashes. Calls end in the job store; the rest is here.</summary>
internal interface IBatchStore
{
    /// <summary>What was collected, by lane.</summary>
    Task<IReadOnlyList<(BatchLane Lane, BatchPile Pile)>> PilesAsync(CancellationToken cancellationToken);

    /// <summary>The bytes and the estimated tokens of a lane's collected calls, in their order.</summary>
    Task<IReadOnlyList<(long Bytes, long Tokens)>> SizesAsync(BatchLane lane, int most, CancellationToken cancellationToken);

    /// <summary>Makes a batch of a lane's first calls; it survives a crash once this has completed.</summary>
    /// <param name="id">The batch's name.</param>
    Task BeginAsync(string id, BatchLane lane, int calls, DateTimeOffset now);

    /// <summary>The batches that are not over.</summary>
    Task<IReadOnlyList<OpenBatch>> OpenAsync(CancellationToken cancellationToken);

    /// <summary>A batch's calls that have not ended.</summary>
    /// <param name="id">The batch's name.</param>
    Task<IReadOnlyList<BatchItem>> ItemsAsync(string id, CancellationToken cancellationToken);

    /// <summary>Keeps a batch's id at its provider.</summary>
    Task SubmittedAsync(string id, string? providerId);

    /// <summary>Keeps that a batch was given up.</summary>
    Task CancelledAsync(string id);

    /// <summary>Gives some calls of a batch back that is not handed in, to be made normally.</summary>
    Task LeaveOutAsync(string id, IReadOnlyList<int> places);

    /// <summary>Forgets a batch; its calls that have not ended wait to be made normally.</summary>
    /// <returns>How many calls.</returns>
    Task<int> CloseAsync(string id);

    /// <summary>Gives collected calls back, to be made normally.</summary>
    /// <param name="deadlineBefore">Only those whose deadline is before; null for all.</param>
    /// <returns>How many calls.</returns>
    Task<int> GiveBackAsync(BatchLane lane, DateTimeOffset? deadlineBefore);
}

/// <summary>A batch that is not over.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Lane">What its calls have in common.</param>
/// <param name="ProviderId">Its id at the provider; null before it is known.</param>
/// <param name="BegunAt">When it was made.</param>
/// <param name="IsCancelled">Whether it was given up.</param>
/// <param name="Tokens">The estimated tokens of its calls.</param>
/// <param name="FirstDeadline">The earliest deadline of its calls that have not ended; null where all have.</param>
internal sealed record OpenBatch(
    string Id, BatchLane Lane, string? ProviderId, DateTimeOffset BegunAt, bool IsCancelled, long Tokens, DateTimeOffset? FirstDeadline);

/// <summary>A call of a batch.</summary>
/// <param name="Place">Its place in the batch, from 0.</param>
/// <param name="Item">The call.</param>
internal sealed record BatchItem(int Place, JobItem Item);
