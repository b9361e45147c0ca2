using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Takes a second settlement of one call for a first one of another.</summary>
internal sealed class GivesBackTwice(LimiterSpec spec) : LimiterUnderTest(spec)
{
    private readonly HashSet<int> settled = [];

    public override void Settle(int id, Settlement settlement, Instant now)
    {
        var toSettle = settled.Contains(id) ? UnderWayIds.FirstOrDefault(id) : id;
        settled.Add(id);
        base.Settle(toSettle, settlement, now);
    }
}
