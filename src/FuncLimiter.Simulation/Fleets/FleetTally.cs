using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>What all agents together have seen so far. One lock guards it; nothing waits inside it.</summary>
internal sealed class FleetTally
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly List<GroupTally> _groups = [];
    private readonly Dictionary<FleetPriority, WaitSamples> _waits = [];
    private readonly Dictionary<FleetPriority, WaitSamples> _latencies = [];
    private readonly Dictionary<FleetPriority, WaitHistogram> _untilAnswer = [];
    private readonly HashSet<Work> _open = [];
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private double? _endSeconds;
    private long _requests;
    private long _refused;
    private long _gaveUp;

    public FleetTally(FleetOptions options, TimeProvider time)
    {
        (_time, _start) = (time, time.GetTimestamp());
        foreach (var tenant in options.Tenants)
        {
            _groups.AddRange(tenant.Groups.Select(group => group.Priority).Distinct()
                .Select(priority => new GroupTally(tenant, priority, options.WarmUp.TotalSeconds)));
        }

        foreach (var priority in Enum.GetValues<FleetPriority>())
        {
            (_waits[priority], _latencies[priority], _untilAnswer[priority]) = (new WaitSamples(), new WaitSamples(), new WaitHistogram());
        }
    }

    private bool IsStopped => _endSeconds is not null;

    private double Now => _endSeconds ?? _time.GetElapsedTime(_start).TotalSeconds;

    public GroupTally GroupOf(FleetTenant tenant, FleetPriority priority) =>
        _groups.First(group => group.Tenant == tenant && group.Priority == priority);

    /// <summary>Begins a call. Nothing that begins after the stop counts.</summary>
    public void Begin(GroupTally group)
    {
        lock (_gate)
        {
            if (!IsStopped)
            {
                group.Begin(Now);
            }
        }
    }

    /// <summary>Begins a piece of work, which may take several calls until one is answered.</summary>
    public Work Start(GroupTally group)
    {
        lock (_gate)
        {
            var work = new Work(group.Priority, Now);
            if (!IsStopped)
            {
                _open.Add(work);
            }

            return work;
        }
    }

    public void Requested()
    {
        lock (_gate)
        {
            _requests += IsStopped ? 0 : 1;
        }
    }

    public void Refused()
    {
        lock (_gate)
        {
            _refused += IsStopped ? 0 : 1;
        }
    }

    /// <summary>Ends a call, and where it was answered the work that it was for. What ends after the stop was under way at the end.</summary>
    public void End(GroupTally group, in AgentOutcome outcome, Work? work = null)
    {
        lock (_gate)
        {
            if (IsStopped)
            {
                return;
            }

            group.End(Now);
            switch (outcome.Kind)
            {
                case AgentOutcomeKind.Answered:
                    group.Answered(outcome.Tokens, Now);
                    _waits[group.Priority].Add(outcome.WaitMs);
                    _latencies[group.Priority].Add(outcome.LatencyMs);
                    if (work is not null && _open.Remove(work))
                    {
                        _untilAnswer[group.Priority].Add(Now - work.SinceSeconds);
                    }

                    break;
                case AgentOutcomeKind.GaveUp:
                    _gaveUp++;
                    break;
                case AgentOutcomeKind.Abandoned:
                    break;
                default:
                    _failures[outcome.Failure ?? ""] = _failures.GetValueOrDefault(outcome.Failure ?? "") + 1;
                    break;
            }
        }
    }

    /// <summary>Stops the clock and the counts.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _endSeconds = Now;
        }
    }

    public FleetProgress Progress()
    {
        lock (_gate)
        {
            return new FleetProgress(
                TimeSpan.FromSeconds(Now),
                _groups.Sum(group => group.Calls),
                _groups.Sum(group => group.Ok),
                _refused,
                _failures.Values.Sum(),
                _groups.Sum(group => group.Tokens),
                ByPriority(group => group.Waiting),
                ByPriority(group => group.Ok))
            {
                GaveUp = _gaveUp,
                UntilAnswer = UntilAnswer(),
            };
        }
    }

    public FleetReport Report()
    {
        lock (_gate)
        {
            var groups = Groups();
            var (calls, ok) = (groups.Sum(group => group.Calls), groups.Sum(group => group.Ok));
            return new FleetReport
            {
                Elapsed = TimeSpan.FromSeconds(Now),
                Calls = calls,
                Requests = _requests,
                Ok = ok,
                Refused429 = _refused,
                GaveUp = _gaveUp,
                Failures = new Dictionary<string, long>(_failures),
                Abandoned = calls - ok - _gaveUp - _failures.Values.Sum(),
                Waits = _waits.ToDictionary(pair => pair.Key, pair => pair.Value.Report()),
                Latencies = _latencies.ToDictionary(pair => pair.Key, pair => pair.Value.Report()),
                UntilAnswer = UntilAnswer(),
                Groups = groups,
            };
        }
    }

    private List<GroupReport> Groups() => [.. _groups.Select(group => group.Report(Now))];

    /// <summary>Work that is open counts with its age, so that what is never answered is not left out.</summary>
    private Dictionary<FleetPriority, WaitReport> UntilAnswer()
    {
        var all = new Dictionary<FleetPriority, WaitHistogram>();
        foreach (var (priority, answered) in _untilAnswer)
        {
            all[priority] = new WaitHistogram();
            all[priority].Add(answered);
        }

        foreach (var work in _open)
        {
            all[work.Priority].Add(Now - work.SinceSeconds);
        }

        return all.ToDictionary(pair => pair.Key, pair => new WaitReport(
            (long)pair.Value.Count, 1000 * pair.Value.Quantile(0.5), 1000 * pair.Value.Quantile(0.99), 1000 * pair.Value.LongestSeconds));
    }

    private Dictionary<FleetPriority, long> ByPriority(Func<GroupTally, long> count) =>
        Enum.GetValues<FleetPriority>().ToDictionary(
            priority => priority, priority => _groups.Where(group => group.Priority == priority).Sum(count));

    /// <summary>One piece of an agent's work, from its first try on.</summary>
    internal sealed class Work(FleetPriority priority, double sinceSeconds)
    {
        public FleetPriority Priority => priority;

        public double SinceSeconds => sinceSeconds;
    }
}

/// <summary>Counts of one tenant in one priority. Guarded by the tally that owns it.</summary>
/// <param name="priority">The priority.</param>
/// <param name="warmUpSeconds">What lies before is not compared.</param>
internal sealed class GroupTally(FleetTenant tenant, FleetPriority priority, double warmUpSeconds)
{
    private double _idleSeconds;
    private double _idleSince;

    public FleetTenant Tenant => tenant;

    public FleetPriority Priority => priority;

    public long Calls { get; private set; }

    public long Ok { get; private set; }

    public long Tokens { get; private set; }

    public long ComparedTokens { get; private set; }

    public long Waiting { get; private set; }

    public void Begin(double nowSeconds)
    {
        Calls++;
        if (Waiting++ == 0)
        {
            _idleSeconds += ComparedSince(_idleSince, nowSeconds);
        }
    }

    public void End(double nowSeconds)
    {
        if (--Waiting == 0)
        {
            _idleSince = nowSeconds;
        }
    }

    public void Answered(long tokens, double nowSeconds)
    {
        Ok++;
        Tokens += tokens;
        ComparedTokens += nowSeconds >= warmUpSeconds ? tokens : 0;
    }

    public GroupReport Report(double endSeconds)
    {
        var compared = endSeconds - warmUpSeconds;
        var idle = _idleSeconds + (Waiting == 0 ? ComparedSince(_idleSince, endSeconds) : 0);
        return new GroupReport(
            tenant.Id,
            tenant.Weight,
            priority,
            Calls,
            Ok,
            Tokens,
            ComparedTokens,
            compared > 0 ? Math.Clamp(1 - (idle / compared), 0, 1) : 0);
    }

    private double ComparedSince(double since, double until) => Math.Max(0, until - Math.Max(since, warmUpSeconds));
}

/// <summary>How an agent's call ended.</summary>
internal enum AgentOutcomeKind
{
    Answered,
    GaveUp,
    Failed,
    Abandoned,
}

/// <summary>The end of a call.</summary>
/// <param name="Kind">How.</param>
/// <param name="Tokens">Tokens by the answer's usage.</param>
/// <param name="WaitMs">What it waited.</param>
/// <param name="LatencyMs">From the first try to the answer's headers.</param>
/// <param name="Failure">The status or the exception, where it failed.</param>
internal readonly record struct AgentOutcome(AgentOutcomeKind Kind, long Tokens, double WaitMs, double LatencyMs, string? Failure);

/// <summary>Waits of one class, the last million of them.</summary>
internal sealed class WaitSamples
{
    private const int Most = 1_000_000;
    private readonly List<double> _ms = [];
    private long _count;

    public void Add(double ms)
    {
        if (_ms.Count < Most)
        {
            _ms.Add(ms);
        }
        else
        {
            _ms[(int)(_count % Most)] = ms;
        }

        _count++;
    }

    public WaitReport Report()
    {
        var sorted = _ms.Order().ToArray();
        return new WaitReport(_count, Rank(sorted, 0.5), Rank(sorted, 0.99), sorted.Length == 0 ? 0 : sorted[^1]);
    }

    /// <summary>The nearest rank: the smallest sample that so large a share of all does not exceed.</summary>
    internal static double Rank(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling((share * sorted.Length) - 1e-9) - 1, 0, sorted.Length - 1)];
}
