using System.Globalization;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>Spans as OpenAI writes them: <c>0s</c>, <c>84ms</c>, <c>1.146s</c>, <c>6m0s</c>, <c>1h2m3.5s</c>.</summary>
internal static class GoDuration
{
    /// <summary>Writes a span, rounded up to a whole millisecond so that waiting for it is enough.</summary>
    public static string Format(double seconds)
    {
        var ms = Milliseconds(seconds);
        if (ms == 0)
        {
            return "0s";
        }

        if (ms < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{ms}ms");
        }

        var hours = ms / 3_600_000;
        var minutes = ms / 60_000 % 60;
        var rest = string.Create(CultureInfo.InvariantCulture, $"{ms % 60_000 / 1000m:0.###}s");
        return hours > 0 ? $"{hours}h{minutes}m{rest}" : minutes > 0 ? $"{minutes}m{rest}" : rest;
    }

    /// <summary>Whole milliseconds, rounded up but for what arithmetic on doubles adds.</summary>
    public static long Milliseconds(double seconds) => (long)Math.Ceiling(Math.Max(0, (seconds * 1000) - 1e-6));

    /// <summary>Whole seconds, rounded up.</summary>
    public static long Seconds(double seconds) => (long)Math.Ceiling(Math.Max(0, seconds - 1e-9));
}
