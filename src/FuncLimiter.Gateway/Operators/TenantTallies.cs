using System.Collections.Concurrent;

namespace FuncLimiter.Gateway.Operators;

/// <summary>What each tenant's calls came to, for so many tenants; further ones share one tally.</summary>
internal sealed class TenantTallies
{
    private const int MostTenants = 20_000;
    private const string Others = "(others)";

    private readonly ConcurrentDictionary<string, TenantTally> _tallies = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<TenantTally> _made = new();
    private int _count;

    /// <summary>Those made since the last time.</summary>
    public IEnumerable<TenantTally> TakeNew()
    {
        while (_made.TryDequeue(out var tally))
        {
            yield return tally;
        }
    }

    /// <summary>A tenant's own.</summary>
    public TenantTally Of(string tenant)
    {
        if (_tallies.TryGetValue(tenant, out var tally))
        {
            return tally;
        }

        if (Volatile.Read(ref _count) >= MostTenants && tenant != Others)
        {
            return Of(Others);
        }

        var made = new TenantTally(tenant);
        var kept = _tallies.GetOrAdd(tenant, made);
        if (ReferenceEquals(made, kept))
        {
            Interlocked.Increment(ref _count);
            _made.Enqueue(made);
        }

        return kept;
    }
}
