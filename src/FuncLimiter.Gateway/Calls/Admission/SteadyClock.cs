using System.Runtime.CompilerServices;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>
/// The time by which budgets and waits count: the wall clock's at the start, and from then on what the monotonic clock says has passed. A wall
/// clock that is set anew moves nothing. One for each <see cref="TimeProvider"/>, so that everybody in a process tells the same instants.
/// </summary>
/// <remarks>
/// On Linux the monotonic clock stands still while the machine is suspended. Less time is counted then than has passed: buckets refill later,
/// never too early. Leases, which end by time, are given up when the wall clock has run ahead, see <see cref="Core.Limiter.FollowWall"/>.
/// </remarks>
internal sealed class SteadyClock
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private static readonly ConditionalWeakTable<TimeProvider, SteadyClock> Clocks = [];
    private readonly TimeProvider _time;
    private readonly Instant _begun;
    private readonly long _anchor;

    private SteadyClock(TimeProvider time) => (_time, _begun, _anchor) = (time, Instant.From(time.GetUtcNow()), time.GetTimestamp());

    /// <summary>
    /// Names the run of the machine, from its boot on; null where that is not told (elsewhere than on Linux). In one run the monotonic clock
    /// goes on from process to process.
    /// </summary>
    public static string? Boot { get; } = File.Exists(BootFile) ? File.ReadAllText(BootFile).Trim() : null;

    /// <summary>Now.</summary>
    public Instant Now => _begun + _time.GetElapsedTime(_anchor);

    /// <summary>The monotonic clock's own reading.</summary>
    public TimeSpan Uptime => _time.GetElapsedTime(0);

    /// <summary>How far the wall clock is ahead of <see cref="Now"/>; negative where it is behind.</summary>
    public TimeSpan WallAhead => Instant.From(_time.GetUtcNow()) - Now;

    /// <summary>The clock of a time provider.</summary>
    public static SteadyClock Of(TimeProvider time) => Clocks.GetValue(time, static time => new SteadyClock(time));

    /// <summary>The instant of a moment that the wall clock names, a deadline for example.</summary>
    public Instant FromWall(DateTimeOffset moment) => Instant.From(moment) - WallAhead;

    /// <summary>When the wall clock will show an instant.</summary>
    public DateTimeOffset ToWall(Instant instant) => (instant + WallAhead).ToDateTimeOffset();
}
