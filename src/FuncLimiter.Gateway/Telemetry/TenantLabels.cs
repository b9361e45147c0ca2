using System.Collections.Concurrent;

namespace FuncLimiter.Gateway.Telemetry;

/// <summary>Labels for tenants, bounded: the first so many have their own, all further ones share <c>other</c>.</summary>
internal sealed class TenantLabels(int most)
{
    /// <summary>The label of all tenants without one of their own.</summary>
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, string> _labels = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The label of a tenant.</summary>
    public string Of(string tenant)
    {
        if (_labels.TryGetValue(tenant, out var label))
        {
            return label;
        }

        if (Volatile.Read(ref _count) >= most || Interlocked.Increment(ref _count) > most)
        {
            return Other;
        }

        return _labels.GetOrAdd(tenant, tenant);
    }
}
