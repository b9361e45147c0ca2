using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations;

/// <summary>
/// What part of the service each tenant had in about the last minute, beside the part that its weight entitles it to among those that have
/// calls: who let none out for fifteen seconds and has none waiting is idle, and no part of it.
/// </summary>
internal sealed class TenantShares
{
    private const double MemorySeconds = 60;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(15);

    private readonly List<Standing> _standings = [];
    private readonly Dictionary<string, Standing> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Waiting, double Oldest)> _waiting = new(StringComparer.Ordinal);
    private Instant? _latest;
    private double _service;
    private double _weight;

    /// <summary>Shares of the configured tenants, and of those who come.</summary>
    public TenantShares(IReadOnlyList<TenantConfiguration> tenants)
    {
        foreach (var tenant in tenants)
        {
            Find(tenant.Id).Weight = tenant.Weight;
        }
    }

    /// <summary>How many tenants there are.</summary>
    public int Count => _standings.Count;

    /// <summary>What all calls cost since the start, in US dollars; null where no cost is known.</summary>
    public double? CostUsd { get; private set; }

    /// <summary>Answered calls since the start whose cost is not known.</summary>
    public long Unpriced { get; private set; }

    /// <summary>The id of a tenant by its place: each keeps its own.</summary>
    public string IdAt(int place) => _standings[place].Id;

    /// <summary>A tenant by its place.</summary>
    public TenantShare At(int place)
    {
        var standing = _standings[place];
        var (waiting, oldest) = _waiting.GetValueOrDefault(standing.Id);
        var isActive = standing.IsActive;
        return new(
            standing.Id, standing.Weight, isActive && _service > 0 ? standing.Recent / _service : 0, isActive ? standing.Weight / _weight : 0, waiting, oldest,
            standing.Tally?.Admitted ?? 0, standing.Tally?.Refused ?? 0,
            Known(standing.Tally?.CostUsd ?? 0, standing.Tally?.Unpriced ?? 0), standing.Tally?.Unpriced ?? 0);
    }

    /// <summary>Another weight for a tenant, from now on.</summary>
    public void Weigh(string tenant, double weight) => Find(tenant).Weight = weight;

    /// <summary>Takes in what was let out since the last time, and what waits.</summary>
    public void Add(TenantTallies tallies, IReadOnlyList<QueueReport> queues, Instant now)
    {
        var fade = _latest is { } before ? Math.Exp(-(now - before).TotalSeconds / MemorySeconds) : 1;
        _latest = now;
        CountWaiting(queues);
        foreach (var tally in tallies.TakeNew())
        {
            Find(tally.Id).Tally = tally;
        }

        (_service, _weight) = (0, 0);
        var (cost, unpriced) = (0.0, 0L);
        foreach (var standing in _standings)
        {
            if (standing.Tally is { } tally)
            {
                standing.Advance(tally, fade, now);
                cost += tally.CostUsd;
                unpriced += tally.Unpriced;
            }

            // Who neither takes nor waits leaves its part to the others.
            standing.IsActive = _waiting.ContainsKey(standing.Id) || now - standing.LastAt < Idle;
            if (standing.IsActive)
            {
                _service += standing.Recent;
                _weight += standing.Weight;
            }
        }

        (CostUsd, Unpriced) = (Known(cost, unpriced), unpriced);
    }

    private static double? Known(double cost, long unpriced) => unpriced > 0 && cost <= 0 ? null : cost;

    private Standing Find(string tenant)
    {
        if (!_byId.TryGetValue(tenant, out var standing))
        {
            _byId.Add(tenant, standing = new(tenant));
            _standings.Add(standing);
        }

        return standing;
    }

    private void CountWaiting(IReadOnlyList<QueueReport> queues)
    {
        _waiting.Clear();
        foreach (var queue in queues)
        {
            var (waiting, oldest) = _waiting.GetValueOrDefault(queue.Tenant);
            _waiting[queue.Tenant] = (waiting + queue.Waiting, Math.Max(oldest, queue.OldestSeconds));
        }
    }

    private sealed class Standing(string id)
    {
        private long _tokens;

        public string Id => id;

        public double Weight { get; set; } = 1;

        public TenantTally? Tally { get; set; }

        public double Recent { get; private set; }

        public Instant LastAt { get; private set; }

        public bool IsActive { get; set; }

        public void Advance(TenantTally tally, double fade, Instant now)
        {
            var tokens = tally.Tokens;
            LastAt = tokens > _tokens ? now : LastAt;
            Recent = (Recent * fade) + (tokens - _tokens);
            _tokens = tokens;
        }
    }
}

/// <summary>How one tenant stands against the others.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Share">Its part of the tokens let out in about the last minute, 0 to 1.</param>
/// <param name="Fair">The part that its weight entitles it to among those that had any, 0 to 1.</param>
/// <param name="Waiting">Its calls that wait.</param>
/// <param name="OldestSeconds">How long the oldest of them has waited.</param>
/// <param name="Admitted">Its calls let out since the start.</param>
/// <param name="Refused">Its calls refused since the start.</param>
/// <param name="CostUsd">What its calls cost since the start, in US dollars; null where no cost is known.</param>
/// <param name="Unpriced">Its answered calls whose cost is not known.</param>
internal readonly record struct TenantShare(
    string Id, double Weight, double Share, double Fair, int Waiting, double OldestSeconds, long Admitted, long Refused, double? CostUsd, long Unpriced);
