using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>Virtual time: seconds after an arbitrary beginning.</summary>
internal static class Moments
{
    public static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    public static Instant At(double seconds) => Start + Seconds(seconds);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    public static double Since(Instant instant) => (instant - Start).TotalSeconds;

    /// <summary>What <see cref="Caution"/> starts with.</summary>
    public const double Jitter = 0.05;
}
