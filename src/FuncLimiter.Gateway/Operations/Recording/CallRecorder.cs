using System.Text.Json;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Recording;

/// <summary>Writes calls' shapes as lines, off the calls' own path. What can't be kept is counted, and told as missing among the lines.</summary>
internal sealed partial class CallRecorder(RecordConfiguration to, IRecordSink sink, TimeProvider time, ILogger<CallRecorder> logger) : BackgroundService
{
    /// <summary>The most bytes that are kept at once.</summary>
    public const int MostBytes = 1024 * 1024;

    private static readonly TimeSpan BeforeTheEnd = TimeSpan.FromMilliseconds(200);

    private readonly UsageQueue _queue = new();
    private readonly RecordNames _names = new(to.Key);
    private readonly List<byte[]> _lines = [];
    private long _gap;
    private bool _isTroubled;

    /// <summary>How many calls are missing: what keeps them could not take them, or not as fast as they came.</summary>
    public long Lost => _queue.Lost;

    /// <summary>Takes a call that ended; never waits.</summary>
    public void Record(UsageRecord record) => _queue.Add(record);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // What can't be written is told at the start.
        await OpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _queue.EndAsync(ExecuteTask, time);
        await base.StopAsync(cancellationToken);
        if (_queue.Untold + _lines.Count + _queue.Waiting.Count is > 0 and var missing)
        {
            LogMissing(missing);
        }
    }

    /// <summary>Begins with what keeps the lines.</summary>
    internal Task OpenAsync(CancellationToken cancellationToken) => sink.OpenAsync(
        () => Line(JsonSerializer.SerializeToUtf8Bytes(new RecordHead(RecordHead.Current, _names.Print, time.GetUtcNow()), RecordJson.Default.RecordHead)), cancellationToken);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    /// <summary>Writes what is recorded until there is nothing more to come.</summary>
    internal async Task RunAsync(CancellationToken stoppingToken)
    {
        // The host stops by ending the queue, so that what waits is still written as long as it has patience.
        while (!stoppingToken.IsCancellationRequested && (_lines.Count > 0 || await _queue.Waiting.WaitToReadAsync(CancellationToken.None)))
        {
            await WriteAsync();
            var ended = _queue.Waiting.Completion;
            var pause = Task.Delay(ended.IsCompleted ? BeforeTheEnd : sink.Gathering, time, stoppingToken);
            await (ended.IsCompleted && _lines.Count > 0 ? Task.WhenAny(pause) : Task.WhenAny(pause, ended));
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            do
            {
                await KeepAsync(Gather());
            }
            while (_queue.Waiting.TryPeek(out _));
            _isTroubled = false;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            if (!_isTroubled)
            {
                _isTroubled = true;
                LogTrouble(trouble);
            }
        }
    }

    // Lines that could not be kept before are given again as they were.
    private int Gather()
    {
        if (_lines.Count > 0)
        {
            return 0;
        }

        var (taken, bytes) = (0, 0);
        _gap = _queue.Untold;
        if (_gap > 0)
        {
            _lines.Add(Line(JsonSerializer.SerializeToUtf8Bytes(new RecordGap(_gap), RecordJson.Default.RecordGap)));
        }

        while (bytes < MostBytes / 2 && _queue.Waiting.TryRead(out var record))
        {
            taken++;
            if (RecordedCall.Of(record, _names) is { } call)
            {
                _lines.Add(Line(JsonSerializer.SerializeToUtf8Bytes(call, RecordJson.Default.RecordedCall)));
                bytes += _lines[^1].Length;
            }
        }

        return taken;
    }

    private async Task KeepAsync(int calls)
    {
        try
        {
            if (_lines.Count > 0)
            {
                await sink.AppendAsync(_lines, CancellationToken.None);
                _queue.Tell(_gap);
            }

            _lines.Clear();
        }
        catch (Exception trouble) when (!sink.TakesAgain && trouble is IOException or UnauthorizedAccessException)
        {
            // How much of what was taken is kept is not known.
            _lines.Clear();
            _queue.Lose(calls);
            throw;
        }
    }

    private static byte[] Line(byte[] json) => [.. json, (byte)'\n'];

    [LoggerMessage(LogLevel.Error, "The record of calls can't be written; calls are missing in it until it can.")]
    private partial void LogTrouble(Exception trouble);

    [LoggerMessage(LogLevel.Error, "{Missing} calls are missing in the record, which could not be written before the end.")]
    private partial void LogMissing(long missing);
}

/// <summary>Where the lines of a record are kept.</summary>
internal interface IRecordSink
{
    /// <summary>How long lines gather before they are kept: what a process that is killed loses at most.</summary>
    TimeSpan Gathering { get; }

    /// <summary>Whether lines that could not be kept can be given again, and none of them stands there twice; else how much was kept is not known.</summary>
    bool TakesAgain { get; }

    /// <summary>Begins; done means that lines can be kept.</summary>
    /// <param name="head">Makes the line with which each file begins.</param>
    /// <exception cref="IOException">They can't.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not.</exception>
    Task OpenAsync(Func<byte[]> head, CancellationToken cancellationToken);

    /// <summary>Keeps lines behind those that are kept; done means kept.</summary>
    /// <param name="lines">The lines, each with its end; at most <see cref="CallRecorder.MostBytes"/> together.</param>
    /// <exception cref="IOException">They could not be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be kept.</exception>
    Task AppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken);

    /// <summary>Copies all that is kept, older files first.</summary>
    /// <param name="to">Where to.</param>
    Task CopyAsync(Stream to, CancellationToken cancellationToken);
}
