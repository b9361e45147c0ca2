using System.Diagnostics;
using FuncLimiter.Benchmarks.Measuring;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>Lets one thread decide as often as it can.</summary>
internal static class DecisionLoop
{
    public const string PerSecond = "decisions/s";
    public const string CpuNanoseconds = "CPU ns each";
    public const string Bytes = "bytes each";
    private const int Batch = 4096;

    public static Contender ToContender(IDecider decider) =>
        new(decider.Name, decider.Does, time => Task.Run(() => Run(decider, time)));

    private static IReadOnlyList<Sample> Run(IDecider decider, TimeSpan time)
    {
        // Time of the processor, other threads' garbage collection included: what one core must give, whoever else it serves meanwhile.
        var processorBefore = Environment.CpuUsage.TotalTime;
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        var decided = 0L;
        TimeSpan elapsed;
        do
        {
            decider.Decide(decided, Batch);
            decided += Batch;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < time);

        var allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        return
        [
            new(PerSecond, decided / elapsed.TotalSeconds),
            new(CpuNanoseconds, (Environment.CpuUsage.TotalTime - processorBefore).TotalNanoseconds / decided),
            new(Bytes, (double)allocated / decided),
        ];
    }
}
