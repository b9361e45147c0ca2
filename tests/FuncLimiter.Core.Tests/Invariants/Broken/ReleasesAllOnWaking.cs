using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Lets go of everything that waits when the first of it may go: the thundering herd.</summary>
internal sealed class ReleasesAllOnWaking(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Advance(Instant now)
    {
        base.Advance(now);
        if (HasReleased)
        {
            foreach (var id in WaitingIds.ToArray())
            {
                base.Cancel(id, now);
                LetGo(id);
            }
        }
    }
}
