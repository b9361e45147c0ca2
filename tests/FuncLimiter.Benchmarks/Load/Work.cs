using System.Diagnostics;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>The processor time that a process takes for something; of none, nothing.</summary>
internal sealed class Work(int? process)
{
    private TimeSpan _begun;

    public double Microseconds { get; private set; }

    public void Begin() => _begun = Taken();

    public void End() => Microseconds = (Taken() - _begun).TotalMicroseconds;

    private TimeSpan Taken()
    {
        if (process is not { } id)
        {
            return TimeSpan.Zero;
        }

        using var found = Process.GetProcessById(id);
        return found.TotalProcessorTime;
    }
}

/// <summary>Percentiles of samples.</summary>
internal static class Percentile
{
    public static double Of(IReadOnlyCollection<double> samples, double part)
    {
        var sorted = samples.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * part)];
    }
}
