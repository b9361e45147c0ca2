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
    private readonly Dictionary<Tenant, Queue<(Instant At, double Cost)>> promises = [];
    private readonly Queue<(Tenant Tenant, Instant At)> inOrder = new();
    private Instant last;

    /// <summary>Work promised and not yet back, in seconds of capacity.</summary>
    public double Work { get; private set; }

    /// <summary>How many promises are kept.</summary>
    public int Count { get; private set; }

    /// <summary>Tells a refused caller when to come back, not before an instant, and keeps the place.</summary>
    public Instant Give(Tenant tenant, double cost, double drain, Instant earliest, Instant now)
    {
        Forget(now);
        var at = Instant.Max(earliest, last + TimeSpan.FromSeconds(cost / drain));
        last = at;
        if (Count < MostKept)
        {
            if (!promises.TryGetValue(tenant, out var queue))
            {
                promises.Add(tenant, queue = new());
            }

            queue.Enqueue((at, cost));
            inOrder.Enqueue((tenant, at));
            Work += cost;
            Count++;
        }

        return at;
    }

    /// <summary>True where a tenant's caller is back at a time told; the place then is its own.</summary>
    public bool Redeem(Tenant tenant, Instant now)
    {
        Forget(now);
        if (!promises.TryGetValue(tenant, out var queue) || !queue.TryPeek(out var promise) || promise.At - Early > now)
        {
            return false;
        }

        Drop(tenant, queue);
        return true;
    }

    // Places of those who did not come are free again.
    private void Forget(Instant now)
    {
        while (inOrder.TryPeek(out var oldest) && oldest.At + Late <= now)
        {
            inOrder.Dequeue();
            if (promises.TryGetValue(oldest.Tenant, out var queue) && queue.TryPeek(out var promise) && promise.At + Late <= now)
            {
                Drop(oldest.Tenant, queue);
            }
        }

        if (Count == 0)
        {
            Work = 0;
            last = Instant.Min(last, now);
        }
    }

    private void Drop(Tenant tenant, Queue<(Instant At, double Cost)> queue)
    {
        Work = Math.Max(0, Work - queue.Dequeue().Cost);
        Count--;
        if (queue.Count == 0)
        {
            promises.Remove(tenant);
        }
    }
}
