using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Functions.Batches;

/// <summary>Providers' batch services as they are reached.</summary>
internal interface IProviderBatches
{
    /// <summary>The batch that was made for a job already; null where there is none, or it can't be found.</summary>
    Task<string?> FindAsync(BatchOffer offer, string job, CancellationToken cancellationToken);

    /// <summary>Makes a batch.</summary>
    Task<BatchHandIn> SubmitAsync(BatchOffer offer, string job, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken);

    /// <summary>Whether the provider is done with a batch, one way or another.</summary>
    Task<bool> IsOverAsync(BatchOffer offer, string batch, CancellationToken cancellationToken);

    /// <summary>Whether it was given up by the provider because its queue was full.</summary>
    Task<bool> WasFullAsync(BatchOffer offer, string batch, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>What it answered so far, in any order.</summary>
    IAsyncEnumerable<BatchAnswer> FetchAsync(BatchOffer offer, string batch, CancellationToken cancellationToken);

    /// <summary>Gives it up.</summary>
    Task CancelAsync(BatchOffer offer, string batch, CancellationToken cancellationToken);
}

/// <summary>Providers' batch services over HTTP.</summary>
/// <param name="http">Sends requests.</param>
internal sealed class HttpBatches(HttpMessageInvoker http) : IProviderBatches
{
    /// <inheritdoc/>
    public Task<string?> FindAsync(BatchOffer offer, string job, CancellationToken cancellationToken) =>
        offer.Service.FindAsync(At(offer), job, cancellationToken);

    /// <inheritdoc/>
    public Task<BatchHandIn> SubmitAsync(
        BatchOffer offer, string job, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken) =>
        offer.Service.SubmitAsync(At(offer), job, operation, calls, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> IsOverAsync(BatchOffer offer, string batch, CancellationToken cancellationToken) =>
        offer.Service.IsOverAsync(At(offer), batch, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> WasFullAsync(BatchOffer offer, string batch, CancellationToken cancellationToken) =>
        offer.Service.WasFullAsync(At(offer), batch, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<BatchAnswer> FetchAsync(BatchOffer offer, string batch, CancellationToken cancellationToken) =>
        offer.Service.FetchAsync(At(offer), batch, cancellationToken);

    /// <inheritdoc/>
    public Task CancelAsync(BatchOffer offer, string batch, CancellationToken cancellationToken) =>
        offer.Service.CancelAsync(At(offer), batch, cancellationToken);

    private BatchAccount At(BatchOffer offer) => new(offer.Deployment.Target, http);
}
