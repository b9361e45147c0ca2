using System.Runtime.InteropServices;

namespace FuncLimiter.Benchmarks.Reporting;

/// <summary>Where the figures were taken.</summary>
internal sealed record Machine(string Processor, int Cores, string System, string Runtime)
{
    public static Machine Describe() => new(
        ProcessorName(), Environment.ProcessorCount, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    private static string ProcessorName()
    {
        const string ProcessorFile = "/proc/cpuinfo";
        var line = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
