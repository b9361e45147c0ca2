using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations.Recording;

/// <summary>
/// Keeps a record in a file that its owner alone may read. Half of the room is the file's, half its forerunner's (<c>.1</c>), which goes when the
/// file is full.
/// </summary>
internal sealed class FileRecord(RecordConfiguration to) : IRecordSink, IDisposable
{
    /// <summary>What the name of the older half ends with.</summary>
    public const string OlderEnding = ".1";

    private readonly Lock _gate = new();
    private Func<byte[]> _head = static () => [];
    private FileStream? _file;

    /// <inheritdoc/>
    public TimeSpan Gathering => TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public bool TakesAgain => false;

    /// <inheritdoc/>
    public Task OpenAsync(Func<byte[]> head, CancellationToken cancellationToken)
    {
        _head = head;
        lock (_gate)
        {
            _file = Open();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            try
            {
                Append(lines);
            }
            catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
            {
                Close();
                throw;
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task CopyAsync(Stream to, CancellationToken cancellationToken)
    {
        foreach (var (file, length) in Kept())
        {
            await using (file)
            {
                await CopyAsync(file, length, to, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Append(IReadOnlyList<byte[]> lines)
    {
        var file = _file ??= Open();
        foreach (var line in lines)
        {
            file.Write(line);
            if (file.Position >= to.MaxBytes / 2)
            {
                Close();
                File.Move(to.File, to.File + OlderEnding, overwrite: true);
                file = _file = Open();
            }
        }

        file.Flush();
    }

    // Between two appends: whole lines stand in them, and neither takes the other's place.
    private List<(FileStream File, long Length)> Kept()
    {
        lock (_gate)
        {
            var kept = new List<(FileStream, long)>();
            foreach (var name in new[] { to.File + OlderEnding, to.File }.Where(File.Exists))
            {
                var file = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                kept.Add((file, file.Length));
            }

            return kept;
        }
    }

    private static async Task CopyAsync(FileStream file, long length, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (length > 0 && await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(length, buffer.Length)), cancellationToken) is > 0 and var read)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            length -= read;
        }
    }

    private void Close()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException)
        {
            // What can't be written was told when it was tried.
        }

        _file = null;
    }

    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(to.File, options);
        if (file.Length > 0)
        {
            // A line that a crash cut short stays alone.
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
            {
                file.WriteByte((byte)'\n');
            }
        }

        file.Write(_head());
        file.Flush();
        return file;
    }
}
