using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>
/// A fleet in virtual time: instances with limiters and clocks of their own, owners that answer them, messages in between that are late,
/// lost or repeated, and a provider that counts what arrives.
/// </summary>
internal sealed class FleetWorld
{
    private readonly FleetSetup _setup;
    private readonly Random _random;
    private readonly PriorityQueue<Action, (long Ticks, long Order)> _events = new();
    private readonly List<FleetInstance> _instances = [];
    private readonly Dictionary<string, LeaseOwner> _owners = [];
    private readonly Dictionary<string, Instant> _outOfReachUntil = [];
    private long _order;
    private int _born;

    public FleetWorld(FleetSetup setup, int seed)
    {
        (_setup, _random) = (setup, new(seed));
        Provider = new(setup.Spec, Now);
        for (var i = 0; i < setup.Instances; i++)
        {
            Bear(i);
        }

        if (setup.OutageEvery is { } every)
        {
            At(every * _random.NextDouble(), () => Outage(every));
        }
    }

    public Instant Now { get; private set; } = Instant.From(new DateTimeOffset(2030, 1, 1, 23, 58, 0, TimeSpan.Zero));

    public FleetProvider Provider { get; }

    /// <summary>How many operations the owners did.</summary>
    public int Operations { get; private set; }

    public long Admitted { get; private set; }

    public IReadOnlyList<FleetInstance> Instances => _instances;

    /// <summary>Is told of every call that leaves.</summary>
    public Action<FleetInstance, Call>? OnSent { get; set; }

    public IReadOnlyDictionary<string, LeaseOwner> Owners => _owners;

    public Random Random => _random;

    /// <summary>What the provider says as a call of an instance ends; null for nothing about limits.</summary>
    public Func<FleetInstance, Call, Observation?> Answer { get; set; } = (_, _) => null;

    public void RunFor(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (_events.TryPeek(out var next, out var at) && at.Ticks <= end.Ticks)
        {
            _events.Dequeue();
            Now = Instant.Max(Now, new(at.Ticks));
            next();
        }

        Now = end;
    }

    public void At(TimeSpan delay, Action action) => _events.Enqueue(action, ((Now + delay).Ticks, ++_order));

    /// <summary>No ask reaches an owner for a time.</summary>
    public void CutOff(string scope, TimeSpan span) => _outOfReachUntil[scope] = Now + span;

    /// <summary>An owner forgets everything; the next ask finds a new one.</summary>
    public void LoseState(string scope) => _owners.Remove(scope);

    /// <summary>An instance gives everything back before it ends; another takes its place.</summary>
    public void Retire(FleetInstance instance)
    {
        foreach (var ask in instance.Limiter.Leases!.Leave(instance.Clock))
        {
            Ask(instance, ask);
        }

        Kill(instance);
    }

    public void Kill(FleetInstance instance)
    {
        instance.Die();
        Bear(_instances.IndexOf(instance));
    }

    internal void Ask(FleetInstance from, ScopeAsk ask)
    {
        for (var copies = Copies(); copies > 0; copies--)
        {
            At(Delay(), () =>
            {
                if (_outOfReachUntil.GetValueOrDefault(ask.Scope) > Now)
                {
                    return;
                }

                var answer = Operate(ask);
                for (var answers = Copies(); answers > 0; answers--)
                {
                    At(Delay(), () => from.Hear(answer));
                }
            });
        }
    }

    /// <summary>A call leaves: the provider counts it, and some time later it ends.</summary>
    internal void Sent(FleetInstance from, Call call)
    {
        Admitted++;
        OnSent?.Invoke(from, call);
        var sent = Provider.Take(call, Now);
        At(_setup.CallTime * (2 * _random.NextDouble()), () =>
        {
            var answer = Answer(from, call);
            var part = answer?.Kind == OutcomeKind.RateLimited ? 0 : _setup.LeastFinal + (1 - _setup.LeastFinal) * _random.NextDouble();
            Charge Final(Charge charge) => new(
                part > 0 ? charge.Requests : 0, (long)(charge.Tokens * part), (long)(charge.InputTokens * part), (long)(charge.OutputTokens * part), 0);
            var settlement = new Settlement(Final(call.Reservation.Provider), Final(call.Reservation.Consumer));
            FleetProvider.End(sent, settlement, Now);
            from.End(call, settlement, answer);
        });
    }

    private ScopeAnswer Operate(ScopeAsk ask)
    {
        Operations++;
        if (!_owners.TryGetValue(ask.Scope, out var owner))
        {
            _owners[ask.Scope] = owner = LeaseOwner.Open(ask.Scope, _setup.Spec, _setup.Policy, null, Now);
        }
        else if (_random.Next(20) == 0)
        {
            _owners[ask.Scope] = owner = LeaseOwner.Open(ask.Scope, _setup.Spec, _setup.Policy, Stored(owner.Save()), Now);
        }

        return owner.Answer(ask, Now);
    }

    private static LeaseOwnerState Stored(LeaseOwnerState state) => JsonSerializer.Deserialize<LeaseOwnerState>(JsonSerializer.Serialize(state))!;

    private void Bear(int place)
    {
        var sources = _setup.Sources.Where(source => place < (source.At ?? _setup.Instances));
        var terms = new LeaseTerms("i" + ++_born, _setup.Policy);
        var instance = new FleetInstance(this, _setup.Spec with { Leases = terms }, sources)
        {
            Offset = _setup.Apart * (2 * _random.NextDouble() - 1),
            Speed = 1 + _random.Next(-1, 2) * _setup.Drift * _setup.Policy.ClockMargin / _setup.Policy.Duration,
        };
        if (place < _instances.Count)
        {
            _instances[place] = instance;
        }
        else
        {
            _instances.Add(instance);
        }

        At(TimeSpan.FromSeconds(_random.NextDouble()), instance.Fill);
        if (_setup.Life is { } life)
        {
            At(life * -Math.Log(1 - _random.NextDouble()), () => Kill(instance));
        }
    }

    private void Outage(TimeSpan every)
    {
        var scopes = _owners.Keys.Order(StringComparer.Ordinal).ToArray();
        if (scopes.Length > 0)
        {
            CutOff(scopes[_random.Next(scopes.Length)], TimeSpan.FromSeconds(10));
        }

        At(every * (2 * _random.NextDouble()), () => Outage(every));
    }

    private int Copies() => _random.NextDouble() is var chance && chance < _setup.Loss ? 0 : chance > 1 - _setup.Repetition ? 2 : 1;

    private TimeSpan Delay() => _setup.LongestDelay * (_random.Next(10) == 0 ? _random.NextDouble() : _random.NextDouble() / 10);
}
