using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>
/// Agents in virtual time that keep a deployment overloaded, through one limiter with budgets of its own or through several that lease
/// them; calls arrive in another order than they left, and answers come in yet another.
/// </summary>
internal sealed class ChargingWorld
{
    private readonly Random _random;
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly List<Node> _nodes = [];
    private readonly ChargingProvider[] _providers;
    private readonly string[] _places;
    private readonly LimitAlgorithm _algorithm;
    private readonly double _perMinute;
    private readonly LimiterSpec _spec;
    private readonly LeasePolicy _policy = new();
    private readonly long _mostOutput;
    private readonly Dictionary<string, LeaseOwner> _owners = [];
    private long _order;
    private int _instances;

    public ChargingWorld(
        LimitAlgorithm algorithm, Charges charges, double perMinute, int agents, int instances = 0, int seed = 1, long mostOutput = 800, double? burstSeconds = null,
        int keys = 1, bool isApart = false, double arriveWithin = 0.2, bool isSought = true)
    {
        (_random, _algorithm, _perMinute, _mostOutput) = (new(seed), algorithm, perMinute, mostOutput);
        _places = [.. Enumerable.Range(0, keys).Select(key => $"{(char)('a' + key)}/m")];
        var common = new ChargingProvider(algorithm, perMinute, charges, burstSeconds: burstSeconds);
        _providers = [.. _places.Select((_, key) => key == 0 || !isApart ? common : new(algorithm, perMinute, charges, burstSeconds: burstSeconds))];
        var limit = new Limit(Dimension.Tokens, (long)perMinute, TimeSpan.FromMinutes(1), algorithm) { BurstSeconds = burstSeconds };
        _spec = new LimiterSpec
        {
            Accounts = [.. _places.Select(place => new AccountSpec(place[..1], []))],
            Deployments = [.. _places.Select(place => new DeploymentSpec(place, place[..1], [limit]))],
            Routes = [new RouteSpec("m", _places, [])],
            Kin = keys == 1 || !isSought ? [] : [new("m", [.. _places.Select(place => $"deployment:{place}")])],
            Queue = new() { MaxWaiting = 100_000 },
        };
        for (var i = 0; i < Math.Max(1, instances); i++)
        {
            _nodes.Add(new(instances == 0 ? new(_spec) : Instance()));
        }

        for (var i = 0; i < agents; i++)
        {
            var node = _nodes[i % _nodes.Count];
            At(_random.NextDouble() * arriveWithin, () => Ask(node));
        }
    }

    /// <summary>Whether what remains is reported; else refusals alone tell.</summary>
    public bool Reports { get; init; } = true;

    /// <summary>Whether reports are of the time of the answer, not of the call's arrival.</summary>
    public bool StampsAnswers { get; init; }

    /// <summary>How long calls run, against half a second to two.</summary>
    public double Slowness { get; init; } = 1;

    /// <summary>Calls arrive within so many seconds after they left.</summary>
    public double Spread { get; init; } = 0.02;

    public double Now { get; private set; }

    public long Arrivals { get; private set; }

    public long Refusals { get; private set; }

    public int Operations { get; private set; }

    public ChargingProvider Provider => _providers[0];

    /// <summary>What all providers accepted of what they could.</summary>
    public double UseOfAll => _providers.Distinct().Sum(provider => provider.Accepted) / _providers.Distinct().Sum(provider => provider.Possible(Now));

    /// <summary>The limits that were found to be shared.</summary>
    public IReadOnlyList<FoundLimit> Found => [.. Report().Budgets.Select(budget => budget.Found).OfType<FoundLimit>()];

    /// <summary>The same by what each instance knows that is still there.</summary>
    public IReadOnlyList<IReadOnlyList<FoundLimit>> FoundEverywhere =>
        [.. _nodes.Select(node => node.Limiter.Report(Clock).Budgets.Select(budget => budget.Found).OfType<FoundLimit>().ToArray())];

    /// <summary>What all providers accepted, in tokens.</summary>
    public double Accepted => _providers.Distinct().Sum(provider => provider.Accepted);

    /// <summary>From now on each key has a limit of its own.</summary>
    public void Part()
    {
        for (var key = 1; key < _providers.Length; key++)
        {
            _providers[key] = new(_algorithm, _perMinute, Charges.All[0]);
        }
    }

    /// <summary>An instance begins, with so many agents of its own.</summary>
    public void Join(int agents)
    {
        _nodes.Add(new(Instance()));
        Begin(_nodes[^1], agents);
    }

    /// <summary>The first instance ends in order, and another takes its place. All owners go on from what they keep.</summary>
    public void Replace(int agents)
    {
        var gone = _nodes[0];
        gone.IsGone = true;
        foreach (var ask in gone.Limiter.Leases!.Leave(Clock))
        {
            _owners[ask.Scope].Answer(ask, Clock);
        }

        foreach (var (scope, owner) in _owners.ToArray())
        {
            _owners[scope] = LeaseOwner.Open(scope, _spec, _policy, owner.Save(), Clock);
        }

        _nodes[0] = new(Instance());
        Begin(_nodes[0], agents);
    }

    /// <summary>A limiter that takes on what the first one keeps.</summary>
    public Limiter Restarted()
    {
        var limiter = new Limiter(_spec);
        limiter.Restore(_nodes[0].Limiter.BeginCheckpoint(Clock), Clock);
        return limiter;
    }

    /// <summary>What an operator changes.</summary>
    public bool Change(Func<Controls, Instant, bool> change) => change(_nodes[0].Limiter.Controls, Clock);

    public LimiterReport Report() => _nodes[0].Limiter.Report(Clock);

    public ChargeReport? Charging => Report().Budgets.First(budget => budget.Name == "deployment:" + _places[0]).Meters[0].Charging;

    /// <summary>The share in use, as an operator is told.</summary>
    public double Use => Report().Budgets.First(budget => budget.Name == "deployment:" + _places[0]).Meters[0].Use;

    /// <summary>What was used since the start, in tokens, as an operator is told.</summary>
    public double Total => Report().Budgets.First(budget => budget.Name == "deployment:" + _places[0]).Meters[0].Total;

    public Instant Clock => Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)) + TimeSpan.FromSeconds(Now);

    public void RunFor(double seconds, Action? eachSecond = null)
    {
        var (end, next) = (Now + seconds, Math.Floor(Now) + 0.5);
        while (_events.TryPeek(out _, out var first) && first.At <= end)
        {
            while (next <= first.At)
            {
                Now = next++;
                eachSecond?.Invoke();
            }

            Now = Math.Max(Now, first.At);
            _events.Dequeue()();
        }

        Now = end;
    }

    private Limiter Instance() => new(_spec with { Leases = new($"i{_instances++}", _policy) });

    private void Begin(Node node, int agents)
    {
        for (var i = 0; i < agents; i++)
        {
            At(_random.NextDouble() * 0.2, () => Ask(node));
        }
    }

    private void At(double delay, Action action) => _events.Enqueue(action, (Now + delay, ++_order));

    private void Ask(Node node)
    {
        if (node.IsGone)
        {
            return;
        }

        var max = _mostOutput / 4 + _random.NextInt64(_mostOutput * 3 / 4);
        var prompt = 100 + _random.NextInt64(600);
        var call = new TrueCall(prompt, _random.Next(3) == 0 ? prompt / 2 : 0, 1 + (long)(max * _random.NextDouble()), max);
        Ask(node, call);
    }

    private void Ask(Node node, TrueCall call)
    {
        var foreseen = (long)(call.Prompt * (0.97 + (0.06 * _random.NextDouble())));
        var documented = Math.Max(foreseen, call.Max);
        if (node.IsGone)
        {
            return;
        }

        var asked = new Call
        {
            Route = "m",
            Tenant = "t",
            Consumer = new Charge(1, foreseen, foreseen, 0, 1),
            Provider = [.. _places.Select(_ => new Charge(1, documented, foreseen, call.Max * 9 / 10, 1))],
            Sizes = [.. _places.Select(_ => new CallSize(foreseen, 0, call.Max * 9 / 10, call.Max))],
            MaxWait = TimeSpan.FromHours(1),
            Tag = call,
        };
        if (node.Limiter.Submit(asked, Clock) == CallState.Admitted)
        {
            Send(node, asked);
        }
        else if (asked.State == CallState.Refused)
        {
            At(1, () => Ask(node, call));
        }

        Pump(node);
    }

    private void Send(Node node, Call asked)
    {
        var call = (TrueCall)asked.Tag!;
        var provider = _providers[Array.IndexOf(_places, asked.Reservation.Deployment)];
        At(0.002 + (Spread * _random.NextDouble()), () =>
        {
            Arrivals++;
            if (provider.Arrive(call, Now) is { } wait)
            {
                Refusals++;
                At(0.02, () => End(node, asked, call, new(OutcomeKind.RateLimited) { RetryAfter = TimeSpan.FromSeconds(wait), Dimension = Dimension.Tokens }));
                return;
            }

            var stamped = provider.Report(Now);
            At((0.3 + (1.7 * _random.NextDouble())) * Slowness, () =>
            {
                provider.End(call, Now);
                var (remaining, reset) = StampsAnswers ? provider.Report(Now) : stamped;
                LimitReading[] readings = Reports
                    ? [new(Dimension.Tokens, null, (long)_perMinute, remaining, TimeSpan.FromSeconds(StampsAnswers || _algorithm != LimitAlgorithm.Fixed ? reset : provider.Report(Now).ResetSeconds))]
                    : [];
                At(0.01, () => End(node, asked, call, new(OutcomeKind.Success) { Readings = readings }));
            });
        });
    }

    private void End(Node node, Call asked, TrueCall call, Observation observation)
    {
        node.Limiter.Observe(asked.Reservation, observation, Clock);
        var documented = asked.Provider[0];
        if (observation.Kind == OutcomeKind.RateLimited)
        {
            node.Limiter.Settle(asked.Reservation, new(Charge.None with { Requests = 1 }, Charge.None), Clock);
            Ask(node, call);
            return;
        }

        node.Limiter.Settle(
            asked.Reservation,
            new(documented with { Concurrent = 0 }, new Charge(1, call.Prompt + call.Output, 0, 0, 0))
            {
                Usage = new(call.Prompt, call.Output, call.Cached),
            },
            Clock);
        At(0.05, () => Ask(node));
        Pump(node);
    }

    private void Pump(Node node)
    {
        if (node.IsGone)
        {
            return;
        }

        if (node.Limiter.NextWake <= Clock)
        {
            node.Limiter.Advance(Clock);
        }

        while (node.Limiter.TryTakeReleased(out var call))
        {
            if (call.State == CallState.Admitted)
            {
                Send(node, call);
            }
            else
            {
                At(1, () => Ask(node, (TrueCall)call.Tag!));
            }
        }

        var next = node.Limiter.NextWake;
        if (node.Limiter.Leases is { } leases)
        {
            foreach (var ask in leases.TakeDue(Clock))
            {
                At(0.05 * _random.NextDouble(), () => Operate(node, ask));
            }

            next = Instant.Min(next, leases.NextAskAt(Clock));
        }

        if (next.IsKnown && Math.Max(Now + 0.0001, (next - Clock).TotalSeconds + Now + 0.0001) is var at && (at < node.WakesAt || node.WakesAt <= Now))
        {
            node.WakesAt = at;
            At(at - Now, () =>
            {
                if (node.WakesAt == at)
                {
                    node.WakesAt = double.PositiveInfinity;
                    Pump(node);
                }
            });
        }
    }

    private void Operate(Node node, ScopeAsk ask)
    {
        Operations++;
        if (!_owners.TryGetValue(ask.Scope, out var owner))
        {
            // A scope known to be new: there is nothing to wait out.
            var books = LeaseScope.Budgets(ask.Scope, _spec, _policy)
                .ToDictionary(budget => budget.Key, budget => new LeaseBook(budget.Value, Caution.Unheard(), _policy).Save());
            _owners[ask.Scope] = owner = LeaseOwner.Open(ask.Scope, _spec, _policy, new() { Books = books }, Clock);
        }

        var answer = owner.Answer(ask, Clock);
        At(0.05 * _random.NextDouble(), () =>
        {
            node.Limiter.Apply(answer, Clock);
            Pump(node);
        });
    }

    private sealed class Node(Limiter limiter)
    {
        public Limiter Limiter { get; } = limiter;

        public double WakesAt { get; set; } = double.PositiveInfinity;

        public bool IsGone { get; set; }
    }
}
