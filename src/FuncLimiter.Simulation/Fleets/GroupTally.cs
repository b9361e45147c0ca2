namespace FuncLimiter.Simulation.Fleets;

/// <summary>Counts of one tenant in one priority. Guarded by the tally that owns it.</summary>
internal sealed class GroupTally(FleetTenant tenant, FleetPriority priority)
{
    private double _idleSeconds;
    private double _idleSince;

    public FleetTenant Tenant => tenant;

    public FleetPriority Priority => priority;

    public long Calls { get; private set; }

    public long Ok { get; set; }

    public long Tokens { get; set; }

    public long Waiting { get; private set; }

    public void Begin(double nowSeconds)
    {
        Calls++;
        if (Waiting++ == 0)
        {
            _idleSeconds += nowSeconds - _idleSince;
        }
    }

    public void End(double nowSeconds)
    {
        if (--Waiting == 0)
        {
            _idleSince = nowSeconds;
        }
    }

    public GroupReport Report(double endSeconds)
    {
        var idle = _idleSeconds + (Waiting == 0 ? endSeconds - _idleSince : 0);
        return new GroupReport(
            tenant.Id, tenant.Weight, priority, Calls, Ok, Tokens, endSeconds > 0 ? Math.Clamp(1 - (idle / endSeconds), 0, 1) : 0);
    }
}
