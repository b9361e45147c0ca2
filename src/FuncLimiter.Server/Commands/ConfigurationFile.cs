using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Server.Commands;

/// <summary>A configuration in a file, with the environment's secrets.</summary>
/// <param name="file">A file, or what gives its bytes once, as a pipe does.</param>
/// <param name="longest">How long it may take to be read.</param>
internal sealed class ConfigurationFile(FileInfo file, TimeSpan? longest = null)
{
    /// <summary>More is no configuration, in bytes: one of ten thousand tenants has a tenth of it.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    private readonly TimeSpan _longest = longest ?? TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private Task<byte[]>? _reading;
    private volatile bool _isReadOnce;

    /// <summary>The file's bytes, or null after it was told why not.</summary>
    public byte[]? Bytes(TextWriter errors)
    {
        try
        {
            return ReadAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message}");
            return null;
        }
    }

    /// <summary>The configuration, or null after every mistake was told.</summary>
    public GatewayConfiguration? Read(TextWriter errors) => Bytes(errors) is { } json ? Read(json, errors) : null;

    /// <summary>The configuration in bytes of the file, or null after every mistake was told.</summary>
    public GatewayConfiguration? Read(byte[] json, TextWriter errors)
    {
        var result = ConfigurationReader.Read(json, Environment.GetEnvironmentVariable);
        foreach (var mistake in result.Mistakes)
        {
            errors.WriteLine(mistake);
        }

        if (!result.IsValid)
        {
            errors.WriteLine(result.Mistakes.Count == 1 ? $"1 mistake in {file}." : $"{result.Mistakes.Count} mistakes in {file}.");
        }

        return result.Configuration;
    }

    /// <summary>The file as a running server reads it again; null where it gives its bytes only once.</summary>
    /// <param name="atStart">What was read of it.</param>
    public ConfigurationSource? Source(byte[] atStart) =>
        _isReadOnce ? null : new ConfigurationSource(ReadAsync, Environment.GetEnvironmentVariable) { AtStart = atStart };

    // Opening a pipe to which nobody writes, or a file on storage that is away, can't be given up: it is waited for no longer, and not begun again meanwhile.
    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        Task<byte[]> reading;
        lock (_gate)
        {
            if (_reading is not { IsCompleted: false })
            {
                _reading = Task.Factory.StartNew(ReadAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            reading = _reading;
        }

        try
        {
            return await reading.WaitAsync(_longest, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new IOException($"It could not be read within {_longest.TotalSeconds:0} s.");
        }
    }

    private byte[] ReadAll()
    {
        if (Directory.Exists(file.FullName))
        {
            throw new IOException("That is a directory; name the file in it.");
        }

        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _isReadOnce = !stream.CanSeek;
        using var whole = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (stream.Read(buffer) is > 0 and var read)
        {
            whole.Write(buffer.AsSpan(0, read));
            if (whole.Length > MostBytes)
            {
                throw new IOException($"It has more than {MostBytes / 1024 / 1024} MiB, and is no configuration.");
            }
        }

        return whole.ToArray();
    }
}
