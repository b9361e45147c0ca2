using System.Collections.Concurrent;

namespace FuncLimiter.Gateway.Operators;

/// <summary>What each tenant's calls came to, for so many tenants; further ones share one tally.</summary>
internal sealed class TenantTallies
{
    private const int MostTenants = 20_000;
    private const string Others = "(others)";

    private readonly ConcurrentDictionary<string, TenantTally> _tallies = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<TenantTally> All => _tallies.Values;

    /// <summary>A tenant's own.</summary>
    public TenantTally Of(string tenant)
    {
        if (_tallies.TryGetValue(tenant, out var tally))
        {
            return tally;
        }

        return Volatile.Read(ref _count) >= MostTenants && tenant != Others ? Of(Others) : _tallies.GetOrAdd(tenant, Make);
    }

    private TenantTally Make(string tenant)
    {
        Interlocked.Increment(ref _count);
        return new TenantTally(tenant);
    }
}
