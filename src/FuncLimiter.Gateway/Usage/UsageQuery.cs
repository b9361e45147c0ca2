namespace FuncLimiter.Gateway.Usage;

/// <summary>A question to the ledger.</summary>
/// <param name="Grain">What is summed up: hours or days.</param>
/// <param name="From">From when, the beginning of a span.</param>
/// <param name="Until">Until before when, the beginning of a span.</param>
public sealed record UsageQuery(UsageGrain Grain, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>What lines are grouped by; each at most once.</summary>
    public IReadOnlyList<UsageDimension> By { get; init; } = [];

    /// <summary>Whether every span has lines of its own; else they are for the whole time.</summary>
    public bool BySpan { get; init; }

    /// <summary>What the calls must have; empty labels for calls without a name there.</summary>
    public IReadOnlyDictionary<UsageDimension, string> Where { get; init; } = new Dictionary<UsageDimension, string>();

    /// <summary>How many lines at most.</summary>
    public int Limit { get; init; } = 1_000;

    /// <summary>The place after which to go on; null to begin.</summary>
    public UsagePlace? After { get; init; }

    /// <summary>Whether a cell counts for it.</summary>
    public bool Takes(UsageCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return cell.From >= From && cell.From < Until && Where.All(wanted => cell.Key[wanted.Key] == wanted.Value);
    }
}
