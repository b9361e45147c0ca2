using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Refuses a call that waited too long, and lets it go nevertheless.</summary>
internal sealed class DecidesTwice(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Advance(Instant now)
    {
        int[] waited = [.. WaitingIds];
        base.Advance(now);
        foreach (var id in waited.Where(IsRefused))
        {
            LetGo(id);
        }
    }
}
