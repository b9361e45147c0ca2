using System.Text;
using FuncLimiter.Functions.Storage;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>What stands in append blobs, shared by all processes.</summary>
internal sealed class AppendBlobsContent
{
    public SortedDictionary<string, List<byte>> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>How often from now on bytes are appended and the answer gets lost.</summary>
    public int LostAnswers { get; set; }

    public string[] Lines => [.. Blobs.Values.SelectMany(static blob => Encoding.UTF8.GetString([.. blob]).Split('\n', StringSplitOptions.RemoveEmptyEntries))];
}

/// <summary>Append blobs as the storage service keeps them: an append names the place at which it is to stand.</summary>
internal sealed class AppendBlobsDouble(AppendBlobsContent content, Func<Task> pass) : IAppendBlobs
{
    public async Task<bool> AppendAsync(string name, long length, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await pass();
        if (length == 0)
        {
            content.Blobs.TryAdd(name, []);
        }

        if (!content.Blobs.TryGetValue(name, out var blob) || blob.Count != length)
        {
            return blob?.Count == length + bytes.Length;
        }

        blob.AddRange(bytes.Span);
        if (content.LostAnswers-- > 0)
        {
            throw new Azure.RequestFailedException("The answer got lost.");
        }

        await pass();
        return true;
    }

    public async Task<IReadOnlyList<AppendedBlob>> ListAsync(CancellationToken cancellationToken)
    {
        await pass();
        return [.. content.Blobs.Select(static blob => new AppendedBlob(blob.Key, blob.Value.Count))];
    }

    public async Task CopyAsync(string name, Stream to, CancellationToken cancellationToken)
    {
        await pass();
        if (content.Blobs.TryGetValue(name, out var blob))
        {
            await to.WriteAsync(blob.ToArray(), cancellationToken);
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await pass();
        content.Blobs.Remove(name);
    }
}
