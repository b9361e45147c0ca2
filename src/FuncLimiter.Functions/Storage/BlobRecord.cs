using System.Globalization;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using FuncLimiter.Functions.Hosting;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Recording;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// Keeps a record in blobs: one for each instance and hour, named by when it was begun. What storage can't take now is given again, so that only
/// a process's end loses calls.
/// </summary>
internal sealed class BlobRecord(IAppendBlobs blobs, RecordConfiguration to, TimeProvider time) : IRecordSink
{
    /// <summary>The container.</summary>
    public const string Container = "funclimiter-record";

    private const int Parts = 16;

    private readonly string _instance = Guid.NewGuid().ToString("N")[..8];
    private Func<byte[]> _head = static () => [];
    private string? _name;
    private DateTimeOffset _begunAt;
    private long _length;
    private bool _isTrying;

    /// <summary>Each append costs one write operation of the storage account.</summary>
    public TimeSpan Gathering => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public bool TakesAgain => true;

    /// <inheritdoc/>
    public Task OpenAsync(Func<byte[]> head, CancellationToken cancellationToken)
    {
        _head = head;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task AppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken)
    {
        try
        {
            // Lines whose keeping was not answered may stand in the blob that they were meant for.
            if (_name is null || !_isTrying && (_length >= to.MaxBytes / Parts || time.GetUtcNow() - _begunAt >= TimeSpan.FromHours(1)))
            {
                Begin();
            }

            if (!await TryAppendAsync(lines, cancellationToken))
            {
                // Somebody deleted it, or the oldest calls had to go.
                Begin();
                if (!await TryAppendAsync(lines, cancellationToken))
                {
                    throw new IOException($"The blob {_name} is somebody else's.");
                }
            }
        }
        catch (Exception failure) when (failure is RequestFailedException or AggregateException or InvalidOperationException or OperationCanceledException or AuthenticationFailedException)
        {
            throw new IOException($"The container {Container} can't be written: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public async Task CopyAsync(Stream to, CancellationToken cancellationToken)
    {
        foreach (var blob in await blobs.ListAsync(cancellationToken))
        {
            await blobs.CopyAsync(blob.Name, to, cancellationToken);
        }
    }

    /// <summary>Deletes the oldest blobs beyond the room that the record may take.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var all = await blobs.ListAsync(cancellationToken);
        var (bytes, deleted) = (all.Sum(static blob => blob.Bytes), 0);
        foreach (var blob in all.TakeWhile(blob => bytes > to.MaxBytes))
        {
            await blobs.DeleteAsync(blob.Name, cancellationToken);
            (bytes, deleted) = (bytes - blob.Bytes, deleted + 1);
        }

        return deleted;
    }

    private void Begin()
    {
        (_begunAt, _length) = (time.GetUtcNow(), 0);
        _name = $"{_begunAt.ToString("yyyy-MM-dd'T'HH-mm-ss.fff'Z'", CultureInfo.InvariantCulture)}-{_instance}.jsonl";
    }

    private async Task<bool> TryAppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken)
    {
        _isTrying = true;
        byte[] bytes = [.. _length == 0 ? _head() : [], .. lines.SelectMany(static line => line)];
        var isAppended = await blobs.AppendAsync(_name!, _length, bytes, cancellationToken);
        (_isTrying, _length) = (false, _length + (isAppended ? bytes.Length : 0));
        return isAppended;
    }
}

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
