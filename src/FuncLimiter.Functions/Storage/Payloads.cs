using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using FuncLimiter.Functions.Hosting;

namespace FuncLimiter.Functions.Storage;

/// <summary>Keeps bodies that are too large for a history or a row, under names: what is passed around is the name (claim check).</summary>
internal interface IPayloads
{
    /// <summary>Keeps bytes under a name, whatever was there.</summary>
    Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads a part; null where there is nothing under the name. Shorter where it ends before.</summary>
    Task<ReadOnlyMemory<byte>?> ReadAsync(string name, long from, long length, CancellationToken cancellationToken);

    /// <summary>Deletes what is under a name, if anything is.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Bodies in Azure Blob storage, or Azurite.</summary>
internal sealed class AzurePayloads(StorageSettings settings, string container) : IPayloads
{
    private const int NotFound = 404;
    private const int NotSatisfiable = 416;

    private readonly OpenedOnce<BlobContainerClient> _container = new(() => OpenAsync(settings, container));

    /// <inheritdoc/>
    public async Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await (await _container.GetAsync()).GetBlobClient(name).UploadAsync(BinaryData.FromBytes(bytes), true, cancellationToken);

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string name, long from, long length, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(from, length) };
            var found = await (await _container.GetAsync()).GetBlobClient(name).DownloadContentAsync(options, cancellationToken);
            return found.Value.Content.ToMemory();
        }
        catch (RequestFailedException failure) when (failure.Status == NotFound)
        {
            return null;
        }
        catch (RequestFailedException failure) when (failure.Status == NotSatisfiable)
        {
            return ReadOnlyMemory<byte>.Empty;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        await (await _container.GetAsync()).GetBlobClient(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, null, cancellationToken);

    /// <summary>Opens a container, which is made where there is none.</summary>
    internal static async Task<BlobContainerClient> OpenAsync(StorageSettings settings, string container)
    {
        var client = settings.ConnectionString is { } text
            ? new BlobContainerClient(text, container)
            : new BlobContainerClient(new Uri($"{settings.ServiceUri("blob").ToString().TrimEnd('/')}/{container}"), settings.Credential());
        await client.CreateIfNotExistsAsync();
        return client;
    }
}

/// <summary>Opens something when it is first needed, for all who need it; anew where that failed.</summary>
/// <param name="open">Opens it.</param>
internal sealed class OpenedOnce<T>(Func<Task<T>> open)
{
    private readonly Lock _gate = new();
    private Task<T>? _opened;

    /// <summary>What was opened.</summary>
    public Task<T> GetAsync()
    {
        lock (_gate)
        {
            return _opened is { IsFaulted: false, IsCanceled: false } opened ? opened : _opened = open();
        }
    }
}
