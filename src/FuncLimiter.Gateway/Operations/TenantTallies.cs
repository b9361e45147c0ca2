using System.Collections.Concurrent;

namespace FuncLimiter.Gateway.Operations;

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

/// <summary>What one tenant's calls came to since the start. Counted by many at once.</summary>
internal sealed class TenantTally(string id)
{
    private long _admitted;
    private long _refused;
    private long _tokens;
    private long _nanoUsd;
    private long _unpriced;

    /// <summary>The tenant.</summary>
    public string Id => id;

    /// <summary>Calls let out.</summary>
    public long Admitted => Interlocked.Read(ref _admitted);

    /// <summary>Calls refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Tokens foreseen of the calls let out.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Answered calls whose cost is not known.</summary>
    public long Unpriced => Interlocked.Read(ref _unpriced);

    /// <summary>What its calls cost as far as is known, in US dollars.</summary>
    public double CostUsd => Interlocked.Read(ref _nanoUsd) / 1e9;

    public void Admit(long tokens)
    {
        Interlocked.Increment(ref _admitted);
        Interlocked.Add(ref _tokens, tokens);
    }

    public void Refuse() => Interlocked.Increment(ref _refused);

    public void GoUnpriced() => Interlocked.Increment(ref _unpriced);

    public void Pay(decimal usd) => Interlocked.Add(ref _nanoUsd, (long)(usd * 1_000_000_000m));
}
