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
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private double? _endSeconds;
    private long _requests;
    private long _refused;
    private long _gaveUp;
    private long _abandoned;

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
            (_waits[priority], _latencies[priority]) = (new WaitSamples(), new WaitSamples());
        }
    }

    private double Now => _endSeconds ?? _time.GetElapsedTime(_start).TotalSeconds;

    public GroupTally GroupOf(FleetTenant tenant, FleetPriority priority) =>
        _groups.First(group => group.Tenant == tenant && group.Priority == priority);

    public void Begin(GroupTally group)
    {
        lock (_gate)
        {
            group.Begin(Now);
        }
    }

    public void Requested() => Interlocked.Increment(ref _requests);

    public void Refused() => Interlocked.Increment(ref _refused);

    /// <summary>Ends a call.</summary>
    public void End(GroupTally group, in AgentOutcome outcome)
    {
        lock (_gate)
        {
            group.End(Now);
            switch (outcome.Kind)
            {
                case AgentOutcomeKind.Answered:
                    group.Answered(outcome.Tokens, Now);
                    _waits[group.Priority].Add(outcome.WaitMs);
                    _latencies[group.Priority].Add(outcome.LatencyMs);
                    break;
                case AgentOutcomeKind.GaveUp:
                    _gaveUp++;
                    break;
                case AgentOutcomeKind.Abandoned:
                    _abandoned++;
                    break;
                default:
                    _failures[outcome.Failure ?? ""] = _failures.GetValueOrDefault(outcome.Failure ?? "") + 1;
                    break;
            }
        }
    }

    /// <summary>Stops the clock: what ends later was under way at the end.</summary>
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
                Interlocked.Read(ref _refused),
                _failures.Values.Sum(),
                _groups.Sum(group => group.Tokens),
                ByPriority(group => group.Waiting),
                ByPriority(group => group.Ok));
        }
    }

    /// <summary>The report; group shares as they stood when the clock was stopped.</summary>
    public FleetReport Report(IReadOnlyList<GroupReport> groups)
    {
        lock (_gate)
        {
            return new FleetReport
            {
                Elapsed = TimeSpan.FromSeconds(Now),
                Calls = groups.Sum(group => group.Calls),
                Requests = Interlocked.Read(ref _requests),
                Ok = groups.Sum(group => group.Ok),
                Refused429 = Interlocked.Read(ref _refused),
                GaveUp = _gaveUp,
                Failures = new Dictionary<string, long>(_failures),
                Abandoned = _abandoned,
                Waits = _waits.ToDictionary(pair => pair.Key, pair => pair.Value.Report()),
                Latencies = _latencies.ToDictionary(pair => pair.Key, pair => pair.Value.Report()),
                Groups = groups,
            };
        }
    }

    public IReadOnlyList<GroupReport> Groups()
    {
        lock (_gate)
        {
            return [.. _groups.Select(group => group.Report(Now))];
        }
    }

    private Dictionary<FleetPriority, long> ByPriority(Func<GroupTally, long> count) =>
        Enum.GetValues<FleetPriority>().ToDictionary(
            priority => priority, priority => _groups.Where(group => group.Priority == priority).Sum(count));
}
