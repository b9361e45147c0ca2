namespace FuncLimiter.Gateway.Jobs;

/// <summary>Calls taken to be run.</summary>
/// <param name="Items">The calls, in the order in which they are due.</param>
/// <param name="NextDue">When the next postponed call may be tried, or the next deadline passes; null where neither is ahead.</param>
/// <param name="Expired">How many calls ended because their deadline had passed.</param>
public sealed record JobTaking(IReadOnlyList<JobItem> Items, DateTimeOffset? NextDue, int Expired);
