using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operators;

/// <summary>What part of the service each tenant had in about the last minute, beside the part that its weight entitles it to.</summary>
internal sealed class TenantShares
{
    private const double MemorySeconds = 60;
    private const double Least = 0.5;

    private readonly Dictionary<string, Standing> _standings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _weights;
    private readonly Dictionary<string, (int Waiting, double Oldest)> _waiting = new(StringComparer.Ordinal);
    private Instant? _latest;

    /// <summary>Shares of the configured tenants, and of those who come.</summary>
    public TenantShares(IReadOnlyList<TenantConfiguration> tenants) =>
        _weights = tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Weight, StringComparer.Ordinal);

    /// <summary>Every tenant, in no order.</summary>
    public IReadOnlyList<TenantShare> All { get; private set; } = [];

    /// <summary>Another weight for a tenant, from now on.</summary>
    public void Weigh(string tenant, double weight) => _weights[tenant] = weight;

    /// <summary>Takes in what was let out since the last time, and what waits.</summary>
    public void Add(IEnumerable<TenantTally> tallies, IReadOnlyList<QueueReport> queues, Instant now)
    {
        var fade = _latest is { } before ? Math.Exp(-(now - before).TotalSeconds / MemorySeconds) : 1;
        _latest = now;
        Count(queues);
        var (service, weight) = (0.0, 0.0);
        foreach (var tally in tallies)
        {
            if (!_standings.TryGetValue(tally.Id, out var standing))
            {
                _standings.Add(tally.Id, standing = new(tally));
            }

            standing.Advance(fade);
            if (standing.Recent >= Least)
            {
                service += standing.Recent;
                weight += WeightOf(tally.Id);
            }
        }

        All = [.. Names().Select(tenant => Share(tenant, service, weight))];
    }

    private IEnumerable<string> Names() => _standings.Keys.Concat(_weights.Keys.Where(tenant => !_standings.ContainsKey(tenant)));

    private TenantShare Share(string tenant, double service, double weight)
    {
        var (waiting, oldest) = _waiting.GetValueOrDefault(tenant);
        if (!_standings.TryGetValue(tenant, out var standing))
        {
            return new(tenant, WeightOf(tenant), 0, 0, waiting, oldest, 0, 0, 0);
        }

        var isActive = standing.Recent >= Least;
        return new(
            tenant, WeightOf(tenant), isActive ? standing.Recent / service : 0, isActive ? WeightOf(tenant) / weight : 0, waiting, oldest,
            standing.Tally.Admitted, standing.Tally.Refused, standing.Tally.CostUsd);
    }

    private void Count(IReadOnlyList<QueueReport> queues)
    {
        _waiting.Clear();
        foreach (var queue in queues)
        {
            var (waiting, oldest) = _waiting.GetValueOrDefault(queue.Tenant);
            _waiting[queue.Tenant] = (waiting + queue.Waiting, Math.Max(oldest, queue.OldestSeconds));
        }
    }

    private double WeightOf(string tenant) => _weights.GetValueOrDefault(tenant, 1);

    private sealed class Standing(TenantTally tally)
    {
        private long _tokens;

        public TenantTally Tally => tally;

        public double Recent { get; private set; }

        public void Advance(double fade)
        {
            var tokens = tally.Tokens;
            Recent = (Recent * fade) + (tokens - _tokens);
            _tokens = tokens;
        }
    }
}
