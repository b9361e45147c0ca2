using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has of a budget that somebody else owns, what it wants of it, and what it has to tell of it.</summary>
internal sealed class LeasedBudget
{
    private const int MostNews = 8;
    private const double LeastShare = 0.001;
    private readonly IReadOnlyList<Limit> limits;
    private readonly LeasePolicy policy;
    private readonly List<BudgetNews> news = [];
    private IReadOnlyList<LeaseDemand> asked = [];

    public LeasedBudget(string name, IReadOnlyList<Limit> limits, LeaseTerms terms)
    {
        Name = name;
        this.limits = limits;
        policy = terms.Policy;
        Hold = new(terms.Instance, limits, terms.Policy);
        Use = new double[limits.Count];
    }

    public string Name { get; }

    public LeaseHold Hold { get; }

    public DemandLedger Demand { get; } = new();

    /// <summary>The share in use of each limit when the owner last told, 0 to 1.</summary>
    public IReadOnlyList<double> Use { get; private set; }

    /// <summary>The part of the budget's refill that this instance can count on; 1 while nothing is known.</summary>
    public double Share { get; private set; } = 1;

    /// <summary>What the owner let through of each demand, 0 to 1, and what that demand was, in seconds of the whole budget's refill per second.</summary>
    public IReadOnlyList<(LeaseShare Share, double Cost)> Parts { get; private set; } = [];

    /// <summary>True where something was heard that the owner was not told yet.</summary>
    public bool HasNews => news.Count > 0;

    /// <summary>When the owner should be asked; <see cref="Instant.Unknown"/> where nothing is wanted and nothing held.</summary>
    public Instant AskAt(Instant now) =>
        IsWanted(now) || HasNews ? Hold.AskAt : Hold.ExpiresAt == Instant.Distant ? Instant.Unknown : now;

    /// <summary>Keeps what was heard for the next ask: of successes the latest, of refusals the last few.</summary>
    public void Hear(BudgetNews heard)
    {
        if (heard.Observation is { Kind: not OutcomeKind.RateLimited })
        {
            news.RemoveAll(old => old.Observation is { Kind: not OutcomeKind.RateLimited });
        }

        if (news.Count == MostNews)
        {
            news.RemoveAt(0);
        }

        news.Add(heard);
    }

    public BudgetAsk Ask(Instant now)
    {
        BudgetNews[] told = [.. news];
        news.Clear();
        if (!IsWanted(now) && told.Length == 0)
        {
            asked = [];
            return new(Name, Hold.Leave(now), told);
        }

        var need = Demand.Need;
        asked = Demand.Take(policy.RefreshEvery, now);
        return new(Name, Hold.Ask(asked, need, now), told);
    }

    public void Apply(BudgetLease answer, Instant now)
    {
        if (!Hold.Apply(answer.Lease, now))
        {
            return;
        }

        Use = answer.Use;
        Parts = asked.Count == answer.Lease.Shares.Count
            ? [.. answer.Lease.Shares.Zip(asked, (share, demand) => (share, CostOf(demand)))]
            : [];
        Share = Math.Clamp(limits.Select((limit, i) => ShareOf(limit, answer.Lease.Lines[i])).DefaultIfEmpty(1).Min(), LeastShare, 1);
    }

    private bool IsWanted(Instant now) => now - Demand.LastAt < policy.Duration * 2 || Demand.HasWaiting;

    private double ShareOf(Limit limit, LeaseLine line) =>
        limit.Window <= TimeSpan.Zero ? 1
        : line.Rate > 0 ? line.Rate / limit.PerSecond
        : Parts.Count == 0 ? 1 : Parts.Sum(part => part.Share.Part * part.Cost);

    private double CostOf(LeaseDemand demand) =>
        limits.Where(limit => limit.Window > TimeSpan.Zero).Select(limit => demand.PerSecond[limit.Dimension] / limit.PerSecond).DefaultIfEmpty(0).Max();
}
