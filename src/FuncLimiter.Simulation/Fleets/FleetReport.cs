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
        var shares = Backlogged(priority, backlogged).Select(group => group.ComparedTokens / group.Weight).ToList();
        return shares.Count < 2 ? null : Fairness.Jain(shares);
    }

    /// <summary>
    /// By how much the tenant that is furthest from it misses its share by weight, over the same tenants: 0.05 is 5 % too much or too
    /// little; null for fewer than two.
    /// </summary>
    /// <param name="priority">The priority.</param>
    /// <param name="backlogged">The least <see cref="GroupReport.BackloggedShare"/>.</param>
    public double? LargestDeviationOf(FleetPriority priority, double backlogged = 0.99)
    {
        var groups = Backlogged(priority, backlogged).ToList();
        var (tokens, weights) = (groups.Sum(group => (double)group.ComparedTokens), groups.Sum(group => group.Weight));
        return groups.Count < 2 || tokens <= 0
            ? null
            : groups.Max(group => Math.Abs((group.ComparedTokens / tokens / (group.Weight / weights)) - 1));
    }

    private IEnumerable<GroupReport> Backlogged(FleetPriority priority, double share) =>
        Groups.Where(group => group.Priority == priority && group.BackloggedShare >= share);
}
