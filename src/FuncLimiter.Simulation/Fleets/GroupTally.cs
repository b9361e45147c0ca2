namespace FuncLimiter.Simulation.Fleets;

/// <summary>Counts of one tenant in one priority. Guarded by the tally that owns it.</summary>
/// <param name="tenant">The tenant.</param>
/// <param name="priority">The priority.</param>
/// <param name="warmUpSeconds">What lies before is not compared.</param>
internal sealed class GroupTally(FleetTenant tenant, FleetPriority priority, double warmUpSeconds)
{
    private double _idleSeconds;
    private double _idleSince;

    public FleetTenant Tenant => tenant;

    public FleetPriority Priority => priority;

    public long Calls { get; private set; }

    public long Ok { get; private set; }

    public long Tokens { get; private set; }

    public long ComparedTokens { get; private set; }

    public long Waiting { get; private set; }

    public void Begin(double nowSeconds)
    {
        Calls++;
        if (Waiting++ == 0)
        {
            _idleSeconds += ComparedSince(_idleSince, nowSeconds);
        }
    }

    public void End(double nowSeconds)
    {
        if (--Waiting == 0)
        {
            _idleSince = nowSeconds;
        }
    }

    public void Answered(long tokens, double nowSeconds)
    {
        Ok++;
        Tokens += tokens;
        ComparedTokens += nowSeconds >= warmUpSeconds ? tokens : 0;
    }

    public GroupReport Report(double endSeconds)
    {
        var compared = endSeconds - warmUpSeconds;
        var idle = _idleSeconds + (Waiting == 0 ? ComparedSince(_idleSince, endSeconds) : 0);
        return new GroupReport(
            tenant.Id,
            tenant.Weight,
            priority,
            Calls,
            Ok,
            Tokens,
            ComparedTokens,
            compared > 0 ? Math.Clamp(1 - (idle / compared), 0, 1) : 0);
    }

    private double ComparedSince(double since, double until) => Math.Max(0, until - Math.Max(since, warmUpSeconds));
}
