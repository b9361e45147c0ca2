using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Calls of jobs that wait for the same budgets, and so for each other.</summary>
/// <param name="Priority">Their class.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Name">The model asked for, and the user where the tenant's users have limits of their own.</param>
internal readonly record struct JobLane(Priority Priority, string Tenant, string Name)
{
    /// <summary>The lane of a call.</summary>
    public static JobLane Of(JobItem item) => new(item.Call.Priority, item.Tenant, item.Call.Lane);
}

/// <summary>What lanes hold now.</summary>
/// <param name="Held">How many calls of each are under way or wait for admission.</param>
/// <param name="Closed">Lanes of which none may be taken now: the limiter has just refused one of theirs.</param>
internal sealed record JobLanes(IReadOnlyDictionary<JobLane, int> Held, IReadOnlySet<JobLane> Closed);

/// <summary>Calls taken to be run.</summary>
/// <param name="Items">The calls, in the order in which they are due.</param>
/// <param name="NextDue">When the next postponed call may be tried, or the next deadline passes; null where neither is ahead.</param>
/// <param name="Expired">How many calls ended because their deadline had passed.</param>
internal sealed record JobTaking(IReadOnlyList<JobItem> Items, DateTimeOffset? NextDue, int Expired);

/// <summary>How many more calls of jobs may be run. A higher class goes first, and leaves the lower ones their floor.</summary>
/// <param name="Free">Slots in all.</param>
/// <param name="KeptForStandard">Of these, kept from interactive calls for standard ones.</param>
/// <param name="KeptForBackground">Of these, kept from higher classes for background calls.</param>
internal readonly record struct JobSlots(int Free, int KeptForStandard, int KeptForBackground)
{
    /// <summary>
    /// A lane may hold this many times the slots that are left (a dynamic threshold, as switches share their buffers): alone it has two
    /// thirds of all, and however many lanes are stuck, the next one finds a slot.
    /// </summary>
    private const int LaneShare = 2;

    /// <summary>What lanes hold; null where they are not told apart.</summary>
    public JobLanes? Lanes { get; init; }

    /// <summary>How many calls of a class may still be taken.</summary>
    /// <param name="taken">How many calls of any class were taken already.</param>
    public int Most(Priority priority, int taken) => Math.Max(0, priority switch
    {
        Priority.Interactive => Free - KeptForStandard - KeptForBackground - taken,
        Priority.Standard => Free - KeptForBackground - taken,
        _ => Free - taken,
    });

    /// <summary>Whether one more call of a lane may be taken.</summary>
    /// <param name="takenOfLane">How many of its calls were taken already.</param>
    /// <param name="taken">How many calls of any lane were taken already.</param>
    public bool HasRoom(in JobLane lane, int takenOfLane, int taken) =>
        taken < Free
        && (Lanes is null || (!Lanes.Closed.Contains(lane) && Lanes.Held.GetValueOrDefault(lane) + takenOfLane < LaneShare * (Free - taken)));

    internal static JobSlots Of(int most, QueueConfiguration queue, int interactive, int standard, int background) => new(
        Math.Max(0, most - interactive - standard - background),
        Math.Max(0, Floor(most, queue.StandardFloor) - standard),
        Math.Max(0, Floor(most, queue.BackgroundFloor) - background));

    private static int Floor(int most, double share) => Math.Max(1, (int)(most * share));
}
