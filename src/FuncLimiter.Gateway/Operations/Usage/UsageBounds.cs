namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>
/// Holds the number of keys down that are kept apart in a span: callers choose the names of users, workflows, steps and runs, and could
/// choose a new one for every call. What comes beyond is summed up under <see cref="UsageKey.Others"/>. For one thread.
/// </summary>
/// <param name="mostOfTenant">How many keys of one tenant are kept apart within a span.</param>
/// <param name="mostOfAll">How many of all tenants.</param>
public sealed class UsageBounds(int mostOfTenant = UsageBounds.UsualOfTenant, int mostOfAll = UsageBounds.UsualOfAll)
{
    /// <summary>The usual bound for a tenant: 10,000.</summary>
    public const int UsualOfTenant = 10_000;

    /// <summary>The usual bound for all tenants: 100,000.</summary>
    public const int UsualOfAll = 100_000;

    /// <summary>The spans of the present, and of the one just over.</summary>
    private const int MostSpans = 4;

    private readonly Dictionary<(UsageGrain Grain, DateTimeOffset From), Span> _spans = [];

    /// <summary>The key under which a record is summed up.</summary>
    public UsageKey Keep(UsageGrain grain, DateTimeOffset from, UsageKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!_spans.TryGetValue((grain, from), out var span))
        {
            if (_spans.Count >= MostSpans)
            {
                _spans.Remove(_spans.Keys.MinBy(known => known.From));
            }

            _spans[(grain, from)] = span = new Span();
        }

        if (span.Keys.Contains(key))
        {
            return key;
        }

        var ofTenant = span.ByTenant.GetValueOrDefault(key.Tenant);
        if (ofTenant >= mostOfTenant || span.Keys.Count >= mostOfAll)
        {
            return key.Folded();
        }

        span.Keys.Add(key);
        span.ByTenant[key.Tenant] = ofTenant + 1;
        return key;
    }

    private sealed class Span
    {
        public HashSet<UsageKey> Keys { get; } = [];

        public Dictionary<string, int> ByTenant { get; } = new(StringComparer.Ordinal);
    }
}
