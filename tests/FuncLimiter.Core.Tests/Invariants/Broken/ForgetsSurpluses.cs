using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Gives back what calls did not use, and overlooks what they used beyond their estimate.</summary>
internal sealed class ForgetsSurpluses(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Settle(int id, Settlement settlement, Instant now)
    {
        var ask = AskOf(id);
        base.Settle(id, new(Least(settlement.Provider, ask.Provider[PlaceOf(id)]), Least(settlement.Consumer, ask.Consumer)), now);
    }

    private static Charge Least(Charge final, Charge held) => new(
        Math.Min(final.Requests, held.Requests),
        Math.Min(final.Tokens, held.Tokens),
        Math.Min(final.InputTokens, held.InputTokens),
        Math.Min(final.OutputTokens, held.OutputTokens),
        Math.Min(final.Concurrent, held.Concurrent));
}
