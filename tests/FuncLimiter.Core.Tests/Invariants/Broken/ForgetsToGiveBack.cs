using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Keeps what calls did not use as if they had.</summary>
internal sealed class ForgetsToGiveBack(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Settle(int id, Settlement settlement, Instant now)
    {
        var ask = AskOf(id);
        base.Settle(id, new(ask.Provider[PlaceOf(id)] with { Concurrent = 0 }, ask.Consumer with { Concurrent = 0 }), now);
    }
}
