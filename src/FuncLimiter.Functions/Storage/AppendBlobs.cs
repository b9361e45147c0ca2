using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using FuncLimiter.Functions.Hosting;

namespace FuncLimiter.Functions.Storage;

/// <summary>Keeps bytes that grow at their ends, under names.</summary>
internal interface IAppendBlobs
{
    /// <summary>Appends to what is under a name; begins it where it is to be empty.</summary>
    /// <param name="name">The name.</param>
    /// <param name="length">How long it is. The same bytes at the same place again change nothing.</param>
    /// <param name="bytes">What is to follow.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False where it has another length, or is there no more: nothing is appended.</returns>
    Task<bool> AppendAsync(string name, long length, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>What there is, by name.</summary>
    Task<IReadOnlyList<AppendedBlob>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Copies what is under a name; nothing where there is none.</summary>
    Task CopyAsync(string name, Stream to, CancellationToken cancellationToken);

    /// <summary>Deletes what is under a name, if anything is.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}

/// <summary>What is kept under a name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Bytes">How much.</param>
internal sealed record AppendedBlob(string Name, long Bytes);

/// <summary>Append blobs in Azure Blob storage, or Azurite.</summary>
internal sealed class AzureAppendBlobs(StorageSettings settings, string container) : IAppendBlobs
{
    private const int NotFound = 404;
    private const int PreconditionFailed = 412;

    private readonly OpenedOnce<BlobContainerClient> _container = new(() => AzurePayloads.OpenAsync(settings, container));

    /// <inheritdoc/>
    public async Task<bool> AppendAsync(string name, long length, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var blob = (await _container.GetAsync()).GetAppendBlobClient(name);
        if (length == 0)
        {
            await blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }

        try
        {
            using var block = new MemoryStream(bytes.ToArray(), writable: false);
            var options = new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = length } };
            await blob.AppendBlockAsync(block, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status == PreconditionFailed)
        {
            // An earlier try may have been carried out though its answer was lost.
            return (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ContentLength == length + bytes.Length;
        }
        catch (RequestFailedException failure) when (failure.Status == NotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AppendedBlob>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new List<AppendedBlob>();
        await foreach (var blob in (await _container.GetAsync()).GetBlobsAsync(cancellationToken: cancellationToken))
        {
            found.Add(new AppendedBlob(blob.Name, blob.Properties.ContentLength ?? 0));
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task CopyAsync(string name, Stream to, CancellationToken cancellationToken)
    {
        try
        {
            var blob = (await _container.GetAsync()).GetAppendBlobClient(name);
            await using var kept = await blob.OpenReadAsync(new BlobOpenReadOptions(allowModifications: true), cancellationToken);
            await kept.CopyToAsync(to, cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.Status == NotFound)
        {
            // It went meanwhile, for there is newer.
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        await (await _container.GetAsync()).GetAppendBlobClient(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, null, cancellationToken);
}
