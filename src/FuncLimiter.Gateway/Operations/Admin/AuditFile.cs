using System.Text.Json;

namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>The audit as a file that only grows, an entry a line.</summary>
internal sealed class AuditFile(string path) : IAuditLog, IDisposable
{
    private const int MostRead = 10_000;

    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc/>
    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            file.Seek(0, SeekOrigin.End);
            if (file.Length > 0)
            {
                // A line that a crash cut short stays alone.
                file.Seek(-1, SeekOrigin.End);
                if (file.ReadByte() != '\n')
                {
                    file.WriteByte((byte)'\n');
                }
            }

            file.Write(JsonSerializer.SerializeToUtf8Bytes(entry, AdminJson.Default.AuditEntry));
            file.WriteByte((byte)'\n');
            file.Flush(flushToDisk: true);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        var entries = new Queue<AuditEntry>();
        await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
        {
            if (Parse(line) is { } entry)
            {
                entries.Enqueue(entry);
                if (entries.Count > MostRead)
                {
                    entries.Dequeue();
                }
            }
        }

        return [.. entries];
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private static AuditEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AdminJson.Default.AuditEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
