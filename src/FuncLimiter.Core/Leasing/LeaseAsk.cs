using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// An instance asks for its share of a budget, and tells what it did with the last one. May be lost, repeated or overtaken.
/// </summary>
/// <param name="Instance">The instance; a new name at every start of a process.</param>
/// <param name="Sequence">Rises with every ask of the instance; an ask that is not newer than the last changes nothing.</param>
/// <param name="Holds">The number of the lease that the instance last took up; 0 for none yet.</param>
/// <param name="Demands">What it wants, by tenant and class.</param>
/// <param name="Lines">One report per limit of the budget, in its order.</param>
public sealed record LeaseAsk(
    string Instance, long Sequence, long Holds, IReadOnlyList<LeaseDemand> Demands, IReadOnlyList<LeaseReport> Lines)
{
    /// <summary>How much one ask may tell of what was heard.</summary>
    internal const int MostNews = 8;

    /// <summary>True where that lease has ended by the instance's own clock: it holds nothing.</summary>
    public bool Lapsed { get; init; }

    /// <summary>True where the instance gives everything back, and wants nothing for now.</summary>
    public bool Leaving { get; init; }

    /// <summary>What responses said since the last answer; told again until an answer comes.</summary>
    public IReadOnlyList<LeaseNews> News { get; init; } = [];

    /// <summary>
    /// What its calls came to since it began, by every rule by which the provider may charge, for each limit of tokens; empty where nothing is
    /// left to learn.
    /// </summary>
    public IReadOnlyList<double[]> Charged { get; init; } = [];

    /// <summary>
    /// For how long the instance closed the scope; zero where a person opened it; null where it has nothing to say of that.
    /// </summary>
    public TimeSpan? ClosedFor { get; init; }

    /// <summary>Refuses what no instance of ours would ask.</summary>
    /// <exception cref="ArgumentException">It is malformed.</exception>
    internal void Check(int lines, int maxDemands)
    {
        if (Instance.Length == 0 || Lines.Count != lines || !Lines.All(IsSane))
            throw new ArgumentException($"The ask must name its instance and report on {lines} limits, in finite numbers.");
        if (News.Count > MostNews)
            throw new ArgumentException($"An ask tells at most {MostNews} things that were heard.");
        if (Demands.Count > maxDemands || !Demands.All(IsSane))
            throw new ArgumentException($"An ask states at most {maxDemands} demands, none negative, with weights above 0.");
    }

    private static bool IsSane(LeaseReport line) =>
        double.IsFinite(line.UsedTotal) && double.IsFinite(line.ReturnedTotal) && double.IsFinite(line.Level)
        && line.Need >= 0 && double.IsFinite(line.Need)
        && line.Refunds.All(refund => refund.Amount >= 0 && double.IsFinite(refund.Amount));

    private static bool IsSane(LeaseDemand demand) => demand.PerSecond.IsValid && demand.Weight > 0 && double.IsFinite(demand.Weight);
}

/// <summary>What a response said of a budget.</summary>
/// <param name="Observation">What it said.</param>
/// <param name="SentAt">When its request left, not later than by the book's clock.</param>
public sealed record LeaseNews(Observation Observation, Instant SentAt)
{
    /// <summary>When its answer came, not later than by the book's clock; <see cref="Instant.Distant"/> where that was not told.</summary>
    public Instant HeardAt { get; init; }
}

/// <summary>What one tenant wants at one instance in one class.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight against other tenants; above 0.</param>
/// <param name="Priority">The class.</param>
/// <param name="PerSecond">What it would use per second if it were let: arrivals, and what waits spread over the time it may wait.</param>
public sealed record LeaseDemand(string Tenant, double Weight, Priority Priority, LeaseRates PerSecond);

/// <summary>What an instance did on one limit.</summary>
/// <param name="UsedTotal">Units taken by calls since the instance began; 0 for calls under way at once.</param>
/// <param name="ReturnedTotal">Units given back unused since the instance began.</param>
/// <param name="Level">Units it could use now; for calls under way at once, those that are under way included.</param>
/// <param name="Need">The largest single charge that waits or is to be expected; a lease smaller than that lets nothing out.</param>
/// <param name="Refunds">Parts of earlier charges that were not used after all, told once.</param>
public sealed record LeaseReport(double UsedTotal, double ReturnedTotal, double Level, double Need, IReadOnlyList<LeaseRefund> Refunds);

/// <summary>A part of a charge that was not used after all.</summary>
/// <param name="TakenAt">When the charge was taken, not later than by the book's clock.</param>
/// <param name="Amount">How much of it.</param>
public readonly record struct LeaseRefund(Instant TakenAt, double Amount);
