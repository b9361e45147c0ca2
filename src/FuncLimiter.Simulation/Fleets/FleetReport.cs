namespace FuncLimiter.Simulation.Fleets;

/// <summary>What a fleet saw.</summary>
public sealed record FleetReport
{
    /// <summary>How long it ran.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Calls begun.</summary>
    public required long Calls { get; init; }

    /// <summary>HTTP requests, retries included.</summary>
    public required long Requests { get; init; }

    /// <summary>Calls answered.</summary>
    public required long Ok { get; init; }

    /// <summary>429s that agents saw, on first tries and on retries.</summary>
    public required long Refused429 { get; init; }

    /// <summary>Calls given up after their last retry was refused with 429.</summary>
    public required long GaveUp { get; init; }

    /// <summary>Calls that failed otherwise, by status or by the exception's name.</summary>
    public required IReadOnlyDictionary<string, long> Failures { get; init; }

    /// <summary>Calls still without an answer at the end.</summary>
    public required long Abandoned { get; init; }

    /// <summary>
    /// Waits of answered calls by priority: what <c>X-FuncLimiter-Waited-Ms</c> said, else the time from the first try to the answer's
    /// headers.
    /// </summary>
    public required IReadOnlyDictionary<FleetPriority, WaitReport> Waits { get; init; }

    /// <summary>Times from the first try to the answer's headers, by priority.</summary>
    public required IReadOnlyDictionary<FleetPriority, WaitReport> Latencies { get; init; }

    /// <summary>
    /// Times from the first try of a piece of work to its answer, by priority, to 1 %: over retries, and over calls that were given up and
    /// made again. Work without an answer yet counts with its age.
    /// </summary>
    public IReadOnlyDictionary<FleetPriority, WaitReport> UntilAnswer { get; init; } = new Dictionary<FleetPriority, WaitReport>();

    /// <summary>Each tenant in each priority that it has.</summary>
    public required IReadOnlyList<GroupReport> Groups { get; init; }

    /// <summary>Calls that failed otherwise than by 429.</summary>
    public long Failed => Failures.Values.Sum();

    /// <summary>Service by tenant, over all priorities.</summary>
    public IReadOnlyDictionary<string, long> TokensByTenant => Groups.GroupBy(group => group.Tenant)
        .ToDictionary(tenant => tenant.Key, tenant => tenant.Sum(group => group.Tokens));

    /// <summary>
    /// Jain's index of service over weight after the warm-up, over the tenants that were backlogged in a priority nearly all of that time;
    /// null for fewer than two. Tenants compare where their mix is the same; one that asks for little gets little, and says nothing of fairness.
    /// </summary>
    /// <param name="priority">The priority.</param>
    /// <param name="backlogged">The least <see cref="GroupReport.BackloggedShare"/>.</param>
    public double? FairnessOf(FleetPriority priority, double backlogged = 0.99)
    {
        var shares = Groups.Where(group => group.Priority == priority && group.BackloggedShare >= backlogged)
            .Select(group => group.ComparedTokens / group.Weight).ToList();
        return shares.Count < 2 ? null : Fairness.Jain(shares);
    }
}

/// <summary>What one tenant got in one priority.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Priority">The priority.</param>
/// <param name="Calls">Calls begun.</param>
/// <param name="Ok">Calls answered.</param>
/// <param name="Tokens">Service: tokens by the answers' usage, input and output.</param>
/// <param name="ComparedTokens">Of that service what came after the warm-up.</param>
/// <param name="BackloggedShare">
/// The share of the time after the warm-up, 0 to 1, in which at least one of its calls had no answer yet; a call that waits for its retry
/// counts.
/// </param>
public sealed record GroupReport(
    string Tenant, double Weight, FleetPriority Priority, long Calls, long Ok, long Tokens, long ComparedTokens, double BackloggedShare);

/// <summary>How long answered calls waited, in milliseconds.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="P50">Half of them waited no longer.</param>
/// <param name="P99">99 of 100 waited no longer.</param>
/// <param name="Longest">The longest wait.</param>
public sealed record WaitReport(long Count, double P50, double P99, double Longest);

/// <summary>Where a fleet stands, for a live display.</summary>
/// <param name="Elapsed">Since it began.</param>
/// <param name="Calls">Calls begun.</param>
/// <param name="Ok">Calls answered.</param>
/// <param name="Refused429">429s that agents saw.</param>
/// <param name="Failed">Calls given up for other reasons.</param>
/// <param name="Tokens">Tokens of the answered calls.</param>
/// <param name="Waiting">Calls without an answer yet, by priority.</param>
/// <param name="Answered">Calls answered, by priority.</param>
public sealed record FleetProgress(
    TimeSpan Elapsed,
    long Calls,
    long Ok,
    long Refused429,
    long Failed,
    long Tokens,
    IReadOnlyDictionary<FleetPriority, long> Waiting,
    IReadOnlyDictionary<FleetPriority, long> Answered)
{
    /// <summary>Calls given up after their last retry was refused with 429.</summary>
    public long GaveUp { get; init; }

    /// <inheritdoc cref="FleetReport.UntilAnswer"/>
    public IReadOnlyDictionary<FleetPriority, WaitReport> UntilAnswer { get; init; } = new Dictionary<FleetPriority, WaitReport>();
}

/// <summary>How evenly something is shared.</summary>
public static class Fairness
{
    /// <summary>
    /// Jain's index, (sum x)² / (n · sum x²): 1 when all have the same, 1/n when one has everything; 0 where nobody has anything, since
    /// then there is no fairness to claim.
    /// </summary>
    /// <param name="shares">What each one got, over its weight.</param>
    public static double Jain(IEnumerable<double> shares)
    {
        var (count, sum, squares) = (0, 0.0, 0.0);
        foreach (var share in shares)
        {
            (count, sum, squares) = (count + 1, sum + share, squares + (share * share));
        }

        return squares > 0 ? sum * sum / (count * squares) : 0;
    }
}
