namespace FuncLimiter.Promises.Tests.Hosting;

/// <summary>A clock that moves when it is told to; nothing waits on it.</summary>
internal sealed class StillTime : TimeProvider
{
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + _passed;

    public override long GetTimestamp() => _passed.Ticks;

    public void Advance(TimeSpan by) => _passed += by;

    public void MoveTo(TimeSpan passed) => _passed = passed;
}
