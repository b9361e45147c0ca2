using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Operators.History;

namespace FuncLimiter.Gateway.Dashboard;

/// <summary>One meter as the page shows it: rounded, so that only what can be seen to change is sent.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowSeconds">The window.</param>
/// <param name="Use">The share in use, to a tenth of a percent.</param>
/// <param name="Taken">The units that make it up.</param>
/// <param name="Configured">The limit as configured.</param>
/// <param name="Effective">The limit in force, as learned.</param>
/// <param name="Free">What can be taken now.</param>
/// <param name="Capacity">What can be taken at once.</param>
/// <param name="Consumed">What was used since the start.</param>
internal readonly record struct MeterRow(
    Dimension Dimension, double WindowSeconds, double Use, long Taken, long Configured, long Effective, long Free, long Capacity, long Consumed)
{
    /// <summary>A meter's row.</summary>
    public static MeterRow Of(MeterReport meter, MeterTrack track)
    {
        // Four digits are what people read of an amount.
        var use = Math.Round(track.Use, 3);
        return new(
            meter.Dimension, meter.WindowSeconds, use, Round(track.Taken), meter.Configured, (long)meter.Effective, Round(meter.Remaining),
            (long)meter.Capacity, Round(meter.Total));
    }

    private static long Round(double amount)
    {
        if (!double.IsFinite(amount))
        {
            return 0;
        }

        var step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(Math.Max(1, amount))) - 3));
        return (long)(Math.Round(amount / step) * step);
    }
}
