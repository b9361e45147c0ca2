using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>A question to the ledger.</summary>
/// <param name="Grain">What is summed up: hours or days.</param>
/// <param name="From">From when, the beginning of a span.</param>
/// <param name="Until">Until before when, the beginning of a span.</param>
internal sealed record UsageQuery(UsageGrain Grain, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>What lines are grouped by; each at most once.</summary>
    public IReadOnlyList<UsageDimension> By { get; init; } = [];

    /// <summary>Whether every span has lines of its own; else they are for the whole time.</summary>
    public bool BySpan { get; init; }

    /// <summary>What the calls must have; empty labels for calls without a name there.</summary>
    public IReadOnlyDictionary<UsageDimension, string> Where { get; init; } = new Dictionary<UsageDimension, string>();

    /// <summary>Whether lines of a greater known cost come first, instead of in the order of their place. It can't be gone on with.</summary>
    public bool DearestFirst { get; init; }

    /// <summary>How many lines at most.</summary>
    public int Limit { get; init; } = 1_000;

    /// <summary>The place after which to go on; null to begin.</summary>
    public UsagePlace? After { get; init; }

    /// <summary>Whether a cell counts for it.</summary>
    public bool Takes(UsageCell cell)
    {
        return cell.From >= From && cell.From < Until && Where.All(wanted => cell.Key[wanted.Key] == wanted.Value);
    }
}

/// <summary>What usage can be grouped and chosen by.</summary>
internal enum UsageDimension
{
    /// <summary>The tenant.</summary>
    Tenant,

    /// <summary>The tenant's user.</summary>
    User,

    /// <summary>The workflow.</summary>
    Workflow,

    /// <summary>The step of a workflow.</summary>
    Step,

    /// <summary>The run; kept by the hour only.</summary>
    Run,

    /// <summary>The name asked for.</summary>
    Route,

    /// <summary>The model that served, by its name at the provider.</summary>
    Model,

    /// <summary>The account that served.</summary>
    Account,

    /// <summary>The deployment that served, as <c>account/model</c>.</summary>
    Deployment,

    /// <summary>The tier of the model that served.</summary>
    Tier,

    /// <summary>The priority.</summary>
    Priority,

    /// <summary><c>live</c>, or <c>batch</c> for a provider's batch service.</summary>
    Channel,
}

/// <summary>The spans of time by which usage is summed up and kept.</summary>
internal enum UsageGrain
{
    /// <summary>Hours, with every label.</summary>
    Hour,

    /// <summary>Days in UTC, without runs.</summary>
    Day,
}

/// <summary>The arithmetic of grains.</summary>
internal static class UsageGrains
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<UsageGrain> All { get; } = [UsageGrain.Hour, UsageGrain.Day];

    /// <summary>How long one is.</summary>
    public static TimeSpan Length(this UsageGrain grain) => grain == UsageGrain.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    /// <summary>The beginning of the one that an instant is in.</summary>
    public static DateTimeOffset Floor(this UsageGrain grain, DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % grain.Length().Ticks), TimeSpan.Zero);

    /// <summary>The first beginning that is not before an instant.</summary>
    public static DateTimeOffset Ceiling(this UsageGrain grain, DateTimeOffset at) => grain.Floor(at) is var floor && floor.UtcTicks == at.UtcTicks ? floor : floor + grain.Length();
}

/// <summary>Some lines of an answer.</summary>
/// <param name="Lines">The lines, in order.</param>
/// <param name="Total">The sum of all that the question takes, lines of other pages included.</param>
/// <param name="HasMore">Whether there are lines after them.</param>
internal sealed record UsagePage(IReadOnlyList<UsageLine> Lines, UsageTotals Total, bool HasMore);

/// <summary>One line of an answer.</summary>
/// <param name="Place">Its span and labels.</param>
/// <param name="Totals">What its calls used.</param>
internal sealed record UsageLine(UsagePlace Place, UsageTotals Totals);

/// <summary>A question takes more rows than may be read for one.</summary>
internal sealed class UsageTooLargeException : Exception
{
    /// <summary>Says how many rows may be read.</summary>
    public UsageTooLargeException(int most)
        : base($"The question takes more than {most} rows of the ledger. Ask for a shorter time, for days, or for one tenant.")
    {
    }
}

/// <summary>Keeps what calls used, and answers questions about it.</summary>
internal interface IUsageLedger : IUsageSink
{
    /// <summary>Answers a question; what was recorded just now may be missing for a moment.</summary>
    /// <exception cref="UsageTooLargeException">It would read more than a question may.</exception>
    Task<UsagePage> QueryAsync(UsageQuery query, CancellationToken cancellationToken);
}

/// <summary>
/// Bounds how many keys are kept apart in a span: callers choose the names of users, workflows, steps and runs, and could
/// choose a new one for every call. What comes beyond is summed up under <see cref="UsageKey.Others"/>. For one thread.
/// </summary>
/// <param name="mostOfTenant">How many keys of one tenant are kept apart within a span.</param>
/// <param name="mostOfAll">How many of all tenants.</param>
internal sealed class UsageBounds(int mostOfTenant = UsageBounds.UsualOfTenant, int mostOfAll = UsageBounds.UsualOfAll)
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
