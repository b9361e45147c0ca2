using System.Text.Json;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Recording;

/// <summary>
/// Writes calls' shapes to a file, off the calls' own path and twice a second, so that a process that is killed loses a second at most. Half of the
/// room is the file's, half its forerunner's (<c>.1</c>), which goes when the file is full.
/// </summary>
internal sealed partial class CallRecorder(RecordConfiguration to, TimeProvider time, ILogger<CallRecorder> logger) : BackgroundService
{
    /// <summary>What the name of the older half ends with.</summary>
    public const string OlderEnding = ".1";

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(500);

    private readonly UsageQueue _queue = new();
    private readonly RecordNames _names = new(to.Key);
    private FileStream? _file;
    private bool _isTroubled;

    /// <summary>How many calls are missing: the disk could not take them, or not as fast as they came.</summary>
    public long Lost => _queue.Lost;

    /// <summary>Takes a call that ended; never waits.</summary>
    public void Record(UsageRecord record) => _queue.Add(record);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // A file that can't be written is told at the start.
        _file = Open();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _queue.EndAsync(ExecuteTask, time);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _file?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host stops by ending the queue, so that what waits is still written.
        while (await _queue.Waiting.WaitToReadAsync(CancellationToken.None))
        {
            Write();
            await Task.WhenAny(Task.Delay(Gathering, time, CancellationToken.None), _queue.Waiting.Completion);
        }
    }

    private void Write()
    {
        var taken = 0;
        try
        {
            var file = _file ??= Open();
            if (_queue.Untold is > 0 and var lost)
            {
                Line(file, JsonSerializer.SerializeToUtf8Bytes(new RecordGap(lost), RecordJson.Default.RecordGap));
                _queue.Tell(lost);
            }

            while (_queue.Waiting.TryRead(out var record))
            {
                taken++;
                if (RecordedCall.Of(record, _names) is { } call)
                {
                    Line(file, JsonSerializer.SerializeToUtf8Bytes(call, RecordJson.Default.RecordedCall));
                }

                if (file.Position >= to.MaxBytes / 2)
                {
                    Close();
                    File.Move(to.File, to.File + OlderEnding, overwrite: true);
                    file = _file = Open();
                }
            }

            file.Flush();
            _isTroubled = false;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            // How much of what was taken is on the disk is not known.
            _queue.Lose(taken);
            Close();
            if (!_isTroubled)
            {
                _isTroubled = true;
                LogTrouble(trouble, to.File);
            }
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

        Line(file, JsonSerializer.SerializeToUtf8Bytes(new RecordHead(RecordHead.Current, _names.Print, time.GetUtcNow()), RecordJson.Default.RecordHead));
        file.Flush();
        return file;
    }

    private static void Line(FileStream file, byte[] json)
    {
        file.Write(json);
        file.WriteByte((byte)'\n');
    }

    [LoggerMessage(LogLevel.Error, "The record {File} can't be written; calls are missing in it until it can.")]
    private partial void LogTrouble(Exception trouble, string file);
}
