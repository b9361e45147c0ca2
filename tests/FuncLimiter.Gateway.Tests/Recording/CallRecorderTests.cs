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

    private async Task<Started> StartAsync(long room)
    {
        var recorder = new CallRecorder(new RecordConfiguration(File, "a-fake-key-of-the-tests") { MaxBytes = room }, TimeProvider.System, NullLogger<CallRecorder>.Instance);
        await recorder.StartAsync(CancellationToken.None);
        return new Started(recorder);
    }

    private sealed record Started(CallRecorder Value) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Value.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
