using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Functions.Batches;

/// <summary>A provider's batch service: half the price, limits of its own, an answer within a day.</summary>
internal interface IProviderBatches
{
    /// <summary>The batch that was made for a job already; null where there is none.</summary>
    Task<string?> FindAsync(Deployment deployment, string job, CancellationToken cancellationToken);

    /// <summary>Makes a batch; null where the provider takes it not.</summary>
    Task<string?> SubmitAsync(Deployment deployment, string job, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken);

    /// <summary>Whether the provider is done with a batch, one way or another.</summary>
    Task<bool> IsOverAsync(Deployment deployment, string batch, CancellationToken cancellationToken);

    /// <summary>What it answered so far, in any order.</summary>
    IAsyncEnumerable<BatchAnswer> FetchAsync(Deployment deployment, string batch, CancellationToken cancellationToken);

    /// <summary>Gives it up.</summary>
    Task CancelAsync(Deployment deployment, string batch, CancellationToken cancellationToken);
}

/// <summary>A call of a batch.</summary>
/// <param name="Index">Its place in the job.</param>
/// <param name="Path">The path, as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The body.</param>
internal sealed record BatchCall(int Index, string Path, ReadOnlyMemory<byte> Body);

/// <summary>An answer of a batch.</summary>
/// <param name="Index">The call's place in the job.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="Usage">The tokens used, where told.</param>
internal sealed record BatchAnswer(int Index, int Status, ReadOnlyMemory<byte> Body, TokenUsage? Usage);
