using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Keeps the queue itself, in an order of its own, and hands the limiter one call at a time.</summary>
internal abstract class OrdersItself(LimiterSpec spec) : LimiterUnderTest(spec)
{
    private readonly List<Ask> queue = [];
    private int? head;

    public override void Submit(Ask ask, Instant now)
    {
        queue.Add(ask);
        Go(now);
    }

    public override bool Cancel(int id, Instant now)
    {
        var isCancelled = queue.RemoveAll(ask => ask.Id == id) > 0 || base.Cancel(id, now);
        head = head == id ? null : head;
        Go(now);
        return isCancelled;
    }

    public override void Settle(int id, Settlement settlement, Instant now)
    {
        Settled(AskOf(id), settlement);
        base.Settle(id, settlement, now);
        Go(now);
    }

    public override void Advance(Instant now)
    {
        base.Advance(now);
        Go(now);
    }

    /// <summary>The call to go next, of those that wait.</summary>
    protected abstract Ask Choose(IReadOnlyList<Ask> waiting);

    protected abstract void Went(Ask ask);

    protected virtual void Settled(Ask ask, Settlement settlement)
    {
    }

    protected override void Report(Call call)
    {
        head = null;
        Went(AskOf((int)call.Tag!));
        base.Report(call);
    }

    private void Go(Instant now)
    {
        while (head is null && queue.Count > 0)
        {
            var next = Choose(queue);
            queue.Remove(next);
            head = next.Id;
            base.Submit(next, now);
        }
    }
}
