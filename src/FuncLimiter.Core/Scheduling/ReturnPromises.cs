using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// The times told to callers who were refused. Each refused caller is told a later time than the one before, as far apart as the queue
/// drains, and its place is kept for it until a little after: newcomers count promised work as waiting, and whoever comes back in time is
/// taken. So the times told hold however many are refused at once.
/// </summary>
internal sealed class ReturnPromises
{
    private const int MostKept = 100_000;
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(Tenant Tenant, long Caller), Queue<Promise>> promises = [];
    private readonly Queue<((Tenant Tenant, long Caller) To, Instant At)> inOrder = new();
    private Instant last;

    /// <summary>Work promised and not yet back, in seconds of capacity.</summary>
    public double Work { get; private set; }

    /// <summary>How many promises are kept.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Tells a refused caller when to come back, after now and not before an instant, and keeps the place. A known caller that comes too
    /// early is told the same again.
    /// </summary>
    public Instant Give(Call call, double drain, Instant earliest, Instant now)
    {
        Forget(now);
        var to = (call.Owner!, call.Caller);
        if (call.Caller != 0 && promises.TryGetValue(to, out var given) && given.Peek().At > now)
        {
            return given.Peek().At;
        }

        last = Instant.Max(earliest, Instant.Max(last, now) + TimeSpan.FromSeconds(Math.Max(call.Cost / drain, TimeSpan.FromMilliseconds(1).TotalSeconds)));
        if (Count < MostKept)
        {
            if (!promises.TryGetValue(to, out var queue))
            {
                promises.Add(to, queue = new());
            }

            queue.Enqueue(new(last, call.Cost));
            inOrder.Enqueue((to, last));
            Work += call.Cost;
            Count++;
        }

        return last;
    }

    /// <summary>True where a caller is back at the time told; the place then is its own.</summary>
    public bool Redeem(Call call, Instant now)
    {
        Forget(now);
        var to = (call.Owner!, call.Caller);
        if (!promises.TryGetValue(to, out var queue) || queue.Peek().At - Early > now)
        {
            return false;
        }

        Drop(to, queue);
        return true;
    }

    /// <summary>Places of those who did not come are free again.</summary>
    public void Forget(Instant now)
    {
        while (inOrder.TryPeek(out var oldest) && oldest.At + Late <= now)
        {
            inOrder.Dequeue();
            if (promises.TryGetValue(oldest.To, out var queue) && queue.Peek().At + Late <= now)
            {
                Drop(oldest.To, queue);
            }
        }

        if (Count == 0)
        {
            Work = 0;
            last = Instant.Min(last, now);
        }
    }

    private void Drop((Tenant, long) to, Queue<Promise> queue)
    {
        Work = Math.Max(0, Work - queue.Dequeue().Cost);
        Count--;
        if (queue.Count == 0)
        {
            promises.Remove(to);
        }
    }

    private readonly record struct Promise(Instant At, double Cost);
}
