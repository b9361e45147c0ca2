using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Reporting;

namespace FuncLimiter.Benchmarks.Scheduling;

/// <summary>What a decision costs while others wait: flat in waiting calls, logarithmic in tenants.</summary>
internal static class SchedulingSection
{
    public const string Name = "scheduling";
    private const int Few = 10;
    private const int Some = 1_000;
    private const int Many = 100_000;

    // The logarithm grows five times from few to many, and what no longer fits the processor's caches costs as much again.
    private const double MostGrowth = 10;

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        Contender Of(int waiting, int tenants) => new Backlog(waiting, tenants).ToContender();
        Contender[] contenders = [Of(Few, Few), Of(Some, Few), Of(Many, Few), Of(Some, Some), Of(Many, Some), Of(Many, Many)];
        var rows = await Rounds.Run(contenders, effort, progress);
        double? Ratio(Contender more) => Section.Ratio(rows, more.Name, contenders[0].Name, Backlog.CpuNanoseconds);

        return new(
            Name,
            "under overload in virtual time: let one out, settle it, take the next in",
            rows,
            [
                new($"{contenders[2].Name} over {contenders[0].Name}, CPU ns", Ratio(contenders[2]), 2, AtMost: true),
                new($"{contenders[^1].Name} over {contenders[0].Name}, CPU ns", Ratio(contenders[^1]), MostGrowth, AtMost: true),
            ]);
    }
}
