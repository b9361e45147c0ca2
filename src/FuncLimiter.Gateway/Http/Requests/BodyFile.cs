using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>
/// A body on its way to a file that no other process can open and that is gone when this one ends, however it ends: it has no name where the
/// system lets go of names of open files, and is deleted by the system with its last handle elsewhere.
/// </summary>
internal sealed class BodyFile : IDisposable
{
    private const string Prefix = "funclimiter-body-";

    private readonly FileStream _file;

    private BodyFile(FileStream file) => _file = file;

    /// <summary>How many bytes were written.</summary>
    public long Length { get; private set; }

    /// <summary>Opens one; null where the folder takes none.</summary>
    public static BodyFile? TryOpen(string folder)
    {
        try
        {
            var path = Path.Combine(folder, $"{Prefix}{Guid.NewGuid():N}.tmp");
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
                Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
            };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            var file = new FileStream(path, options);
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }

            return new BodyFile(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes what a process that ended between making a file and letting go of its name left in a folder that is this one's alone.</summary>
    public static void Sweep(string folder)
    {
        foreach (var left in Directory.EnumerateFiles(folder, $"{Prefix}*.tmp"))
        {
            try
            {
                File.Delete(left);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It is empty, or the disk is read-only: then nothing is written to it either.
            }
        }
    }

    /// <summary>Writes on. False where there is no room.</summary>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // Written and not stored through the mapping: a full disk is an error here, and the end of the process there.
            RandomAccess.Write(_file.SafeFileHandle, bytes, Length);
            Length += bytes.Length;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads what was written back into memory.</summary>
    public void CopyTo(Span<byte> target)
    {
        for (var read = 0; read < Length;)
        {
            read += RandomAccess.Read(_file.SafeFileHandle, target[read..(int)Length], read);
        }
    }

    /// <summary>The whole as memory that the system fills from the file where it is read; null where it can't be.</summary>
    public FileBytes? TryMap()
    {
        try
        {
            return new FileBytes(_file, (int)Length);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

/// <summary>
/// The bytes of a file as memory. It is let go of by the collector once nothing refers to it any more, and not before: a connection may still
/// read what its request no longer needs.
/// </summary>
internal sealed unsafe partial class FileBytes : MemoryManager<byte>
{
    private const int DontNeed = 4;

    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _length;

    public FileBytes(FileStream file, int length)
    {
        _length = length;
        _mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        if (!OperatingSystem.IsWindows())
        {
            // The view stays, and needs no descriptor.
            _mapping.Dispose();
        }
    }

    // No pointer is acquired of the view, which would keep it for ever: its own handle ends it when it is collected.
    private byte* Start => (byte*)_view.SafeMemoryMappedViewHandle.DangerousGetHandle() + _view.PointerOffset;

    /// <summary>Tells the system that nobody reads it for a while: its pages may go, and come back from the file.</summary>
    public void Rest()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise((nint)Start, (nuint)_length, DontNeed);
        }
    }

    /// <summary>A stream over them.</summary>
    public Stream AsStream() => new UnmanagedMemoryStream(_view.SafeMemoryMappedViewHandle, _view.PointerOffset, _length, FileAccess.Read);

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(Start, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Start + elementIndex, default, this);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // See above.
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nuint length, int advice);
}
