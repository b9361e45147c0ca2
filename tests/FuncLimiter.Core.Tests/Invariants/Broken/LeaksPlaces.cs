using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Settles tokens and requests, and leaves the place among the calls under way taken.</summary>
internal sealed class LeaksPlaces(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Settle(int id, Settlement settlement, Instant now) =>
        base.Settle(id, new(settlement.Provider with { Concurrent = 1 }, settlement.Consumer with { Concurrent = 1 }), now);
}
