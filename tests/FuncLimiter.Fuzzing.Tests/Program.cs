using System.Globalization;

namespace FuncLimiter.Fuzzing.Tests;

/// <summary>The long run: all parsers in turn, again and again with new seeds, until the time is over.</summary>
internal static class Program
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static int Main(string[] arguments)
    {
        if (arguments is not (["minutes", var text, ..]) || !double.TryParse(text, CultureInfo.InvariantCulture, out var minutes))
        {
            Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/FuncLimiter.Fuzzing.Tests -- minutes 15 [first seed]");
            return 2;
        }

        var seed = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : Environment.TickCount & 0xFFFFFF;
        var until = DateTime.UtcNow.AddMinutes(minutes);
        var (counts, slowest) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new Dictionary<string, TimeSpan>());
        var failures = 0;
        Console.WriteLine($"seed {seed}");
        for (; DateTime.UtcNow < until; seed++)
        {
            Parallel.ForEach(FuzzTargets.All, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount - 1) }, target =>
            {
                var report = target.Fuzz(seed, long.MaxValue, Turn);
                lock (counts)
                {
                    counts[target.Name] = counts.GetValueOrDefault(target.Name) + report.Inputs;
                    slowest[target.Name] = report.Slowest > slowest.GetValueOrDefault(target.Name) ? report.Slowest : slowest.GetValueOrDefault(target.Name);
                    failures += report.Failures.Count;
                    foreach (var failure in report.Failures)
                    {
                        Console.WriteLine(failure);
                    }
                }
            });
        }

        foreach (var (name, count) in counts)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {count:N0} | {slowest[name].TotalMilliseconds:N0} ms |"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counts.Values.Sum():N0} inputs, {failures} failures, next seed {seed}"));
        return failures == 0 ? 0 : 1;
    }
}
