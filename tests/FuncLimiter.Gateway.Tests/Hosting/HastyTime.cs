namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>A clock on which a second passes in a hundredth of one, so that waits between attempts are over soon.</summary>
internal sealed class HastyTime : TimeProvider
{
    private const int Haste = 100;

    // The system's timers know milliseconds only, and may fire the broken part of one early.
    private static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(1);

    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly long _begun = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _start + (System.GetElapsedTime(_begun) * Haste);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period));

    private static TimeSpan Shorter(TimeSpan span) => span > TimeSpan.Zero ? (span / Haste) + Granularity : span;
}
