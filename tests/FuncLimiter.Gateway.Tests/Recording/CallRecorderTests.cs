using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Providers.Dialects;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Recording;

public sealed class CallRecorderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("funclimiter-record-").FullName;

    private string File => Path.Combine(_folder, "record.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Record_BeyondItsRoom_KeepsTheLatestCalls()
    {
        const long Room = 20_000;

        await RecordAsync(Enumerable.Range(0, 1_000), Room);

        var sizes = Directory.GetFiles(_folder).Sum(file => new FileInfo(file).Length);
        Assert.InRange(sizes, Room / 2, Room + 1_000);
        Assert.Contains("\"route\":\"m999\"", Lines()[^1], StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_folder), file => Assert.StartsWith("{\"record\":1", System.IO.File.ReadLines(file).First(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Record_AfterALineThatACrashCutShort_BeginsALineOfItsOwn()
    {
        await RecordAsync([1], RecordConfiguration.Megabyte);
        System.IO.File.AppendAllText(File, "{\"at\":\"2026");

        await RecordAsync([2], RecordConfiguration.Megabyte);

        Assert.Equal(5, Lines().Length);
        Assert.Equal("{\"at\":\"2026", Lines()[2]);
        Assert.Contains("\"route\":\"m2\"", Lines()[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_OfPartsOfACall_WritesOnlyItsEnd()
    {
        await using var recorder = await StartAsync(RecordConfiguration.Megabyte);
        recorder.Value.Record(Call(1) with { Outcome = UsageOutcome.Postponed });
        recorder.Value.Record(Call(2) with { Outcome = UsageOutcome.Unfinished });
        recorder.Value.Record(Call(3));
        await recorder.Value.StopAsync(CancellationToken.None);

        Assert.Contains("\"route\":\"m3\"", Assert.Single(Lines().Skip(1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhereNothingCanBeWritten_Fails()
    {
        Directory.CreateDirectory(File);

        await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(RecordConfiguration.Megabyte));
    }

    [Fact]
    public async Task Copy_HoldsTheOlderHalfAndTheFile()
    {
        await using var recorder = await StartAsync(room: 20_000);
        foreach (var number in Enumerable.Range(0, 100))
        {
            recorder.Value.Record(Call(number));
        }

        await recorder.Value.StopAsync(CancellationToken.None);
        using var copy = new MemoryStream();
        await recorder.Kept.CopyAsync(copy, CancellationToken.None);

        Assert.Equal([.. System.IO.File.ReadAllLines(File + FileRecord.OlderEnding), .. Lines()], Encoding.UTF8.GetString(copy.ToArray()).TrimEnd('\n').Split('\n'));
    }

    /// <summary>Whether a disk kept a part is not known: its calls are told as missing. Storage that can be asked again is.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task Sink_ThatTakesNothingForAWhile_LosesCallsOnlyWhereTheyCanNotBeGivenAgain(bool takesAgain, int lost)
    {
        var sink = new AwaySink(takesAgain, refuses: 1);
        await using var recorder = await StartAsync(RecordConfiguration.Megabyte, sink);
        recorder.Value.Record(Call(1));
        Assert.True(SpinWait.SpinUntil(() => recorder.Value.Lost > 0 || sink.Lines.Count > 0, TimeSpan.FromSeconds(60)));
        recorder.Value.Record(Call(2));
        await recorder.Value.StopAsync(CancellationToken.None);

        Assert.Equal(lost, recorder.Value.Lost);
        Assert.Equal(lost, sink.Lines.Count(line => line == "{\"lost\":1}\n"));
        Assert.Equal(takesAgain ? ["m1", "m2"] : (string[])["m2"], sink.Lines.Where(line => line.Contains("\"route\"", StringComparison.Ordinal)).Select(line => line[(line.IndexOf("\"m", StringComparison.Ordinal) + 1)..][..2]));
    }

    [Fact]
    public async Task Sink_ThatNeverTakesAnything_HoldsUpNoEnd()
    {
        await using var recorder = await StartAsync(RecordConfiguration.Megabyte, new AwaySink(takesAgain: true, refuses: int.MaxValue));
        recorder.Value.Record(Call(1));

        await recorder.Value.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.True(recorder.Value.ExecuteTask!.IsCompletedSuccessfully);
    }

    private static UsageRecord Call(int number) => new(
        DateTimeOffset.UnixEpoch.AddSeconds(number),
        new Caller("acme", "ann", Priority.Standard, "flow", "step", "run"),
        $"m{number}",
        Operation.ChatCompletions,
        "o/m",
        200,
        new TokenUsage(10, 5),
        0.001m,
        TimeSpan.FromMilliseconds(5),
        TimeSpan.FromMilliseconds(50),
        1);

    private string[] Lines() => System.IO.File.ReadAllLines(File);

    private async Task RecordAsync(IEnumerable<int> numbers, long room)
    {
        await using var recorder = await StartAsync(room);
        foreach (var number in numbers)
        {
            recorder.Value.Record(Call(number));
        }

        await recorder.Value.StopAsync(CancellationToken.None);
    }

    private async Task<Started> StartAsync(long room, IRecordSink? sink = null)
    {
        var to = new RecordConfiguration(File, "a-fake-key-of-the-tests") { MaxBytes = room };
        var kept = sink ?? new FileRecord(to);
        var recorder = new CallRecorder(to, kept, TimeProvider.System, NullLogger<CallRecorder>.Instance);
        await recorder.StartAsync(CancellationToken.None);
        return new Started(recorder, kept);
    }

    private sealed record Started(CallRecorder Value, IRecordSink Kept) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Value.Dispose();
            (Kept as IDisposable)?.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Takes nothing at first, as a disk that is full or storage that is away.</summary>
    private sealed class AwaySink(bool takesAgain, int refuses) : IRecordSink
    {
        private int _asked;

        public List<string> Lines { get; } = [];

        public TimeSpan Gathering => TimeSpan.FromMilliseconds(5);

        public bool TakesAgain => takesAgain;

        public Task OpenAsync(Func<byte[]> head, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task AppendAsync(IReadOnlyList<byte[]> lines, CancellationToken cancellationToken)
        {
            if (++_asked <= refuses)
            {
                throw new IOException("away");
            }

            Lines.AddRange(lines.Select(Encoding.UTF8.GetString));
            return Task.CompletedTask;
        }

        public Task CopyAsync(Stream to, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
