using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// The times told to callers who were refused. Each refused caller of a tenant is told a later time than the one before, as far apart as the
/// queue drains for that tenant by its weight, and its place is kept for it until a little after: newcomers count promised work as waiting, and whoever comes back in time is
/// taken. So the times told hold however many are refused at once. Many callers never come back, or come when they like: promised work
/// counts as far as promises are made use of, as seen of late.
/// </summary>
internal sealed class ReturnPromises
{
    private const int MostKept = 100_000;
    private const double WeightOfOne = 0.1;
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(Tenant Tenant, long Caller), Queue<Promise>> promises = [];
    private readonly Dictionary<Tenant, (double Work, int Count, Instant Last)> work = [];
    private readonly PriorityQueue<(Tenant Tenant, long Caller), long> inOrder = new();
    private double total;
    private double weight;
    private double kept = 1;

    /// <summary>The work of refused callers who will come back, in seconds of capacity, of what was promised at most so much.</summary>
    public double Work(double most) => Math.Min(total, most) * kept;

    /// <summary>The weights of the tenants that have promises, added up, an owner's own counted in any case.</summary>
    public double WeightWith(Tenant owner) => weight + (work.ContainsKey(owner) ? 0 : owner.Weight);

    /// <summary>The part of it that is a tenant's.</summary>
    public double WorkOf(Tenant tenant, double most) => Math.Min(work.GetValueOrDefault(tenant).Work, most) * kept;

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

        var (before, count, last) = work.GetValueOrDefault(to.Item1);
        var apart = Math.Max(call.Cost / drain * WeightWith(to.Item1) / to.Item1.Weight * kept, TimeSpan.FromMilliseconds(1).TotalSeconds);
        last = Instant.Max(earliest, Instant.Max(last, now) + TimeSpan.FromSeconds(apart));
        if (Count < MostKept)
        {
            if (!promises.TryGetValue(to, out var queue))
            {
                promises.Add(to, queue = new());
            }

            queue.Enqueue(new(last, call.Cost));
            inOrder.Enqueue(to, last.Ticks);
            weight += count == 0 ? to.Item1.Weight : 0;
            work[to.Item1] = (before + call.Cost, count + 1, last);
            total += call.Cost;
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

        Drop(to, queue, isKept: true);
        return true;
    }

    /// <summary>Places of those who did not come are free again.</summary>
    public void Forget(Instant now)
    {
        while (inOrder.TryPeek(out var oldest, out var at) && new Instant(at) + Late <= now)
        {
            inOrder.Dequeue();
            if (promises.TryGetValue(oldest, out var queue) && queue.Peek().At + Late <= now)
            {
                Drop(oldest, queue, isKept: false);
            }
        }

        if (Count == 0)
        {
            (total, weight) = (0, 0);
        }
    }

    private void Drop((Tenant Tenant, long Caller) to, Queue<Promise> queue, bool isKept)
    {
        var cost = queue.Dequeue().Cost;
        kept += ((isKept ? 1 : 0) - kept) * WeightOfOne;
        total = Math.Max(0, total - cost);
        var (before, count, last) = work[to.Tenant];
        if (count > 1)
        {
            work[to.Tenant] = (Math.Max(0, before - cost), count - 1, last);
        }
        else
        {
            work.Remove(to.Tenant);
            weight = Math.Max(0, weight - to.Tenant.Weight);
        }
        Count--;
        if (queue.Count == 0)
        {
            promises.Remove(to);
        }
    }

    private readonly record struct Promise(Instant At, double Cost);
}
