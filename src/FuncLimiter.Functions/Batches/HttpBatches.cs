using FuncLimiter.Gateway.Batches;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Functions.Batches;

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
