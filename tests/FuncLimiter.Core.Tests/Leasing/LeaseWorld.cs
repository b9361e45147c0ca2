using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing;

/// <summary>
/// A book and instances with clocks of their own, between which messages are lost, repeated, delayed and overtaken; instances die, leave
/// and come. Every charge that is let out is kept with its true time, so that the limits can be checked afterwards as providers count.
/// </summary>
internal sealed class LeaseWorld
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 23, 58, 0, TimeSpan.Zero));

    private readonly Random _random;
    private readonly Limit[] _limits;
    private readonly LeasePolicy _policy;
    private readonly double _drift;
    private readonly bool _isHungry;
    private readonly List<Member> _members = [];
    private readonly PriorityQueue<Action, long> _messages = new();
    private readonly List<Spent> _spent = [];
    private readonly List<Spent> _underWay = [];
    private LeaseBook _book;
    private Instant _now = Start;
    private int _born;

    /// <param name="seed">Decides everything.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="drift">How much a clock may lose or gain in the time of a lease, as a part of what the policy allows.</param>
    public LeaseWorld(int seed, LeasePolicy policy, Limit[] limits, double drift = 0.9)
    {
        (_random, _policy, _limits) = (new(seed), policy, limits);
        _isHungry = _random.Next(2) == 0;
        _drift = drift * policy.ClockMargin / policy.Duration;
        _book = new(limits, Caution.None(), policy);
        var instances = 1 + _random.Next(6);
        for (var i = 0; i < instances; i++)
        {
            Bear();
        }
    }

    public int Admitted => _spent.Count;

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            var next = _now + TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(6_000) : _random.Next(300));
            while (_messages.TryPeek(out _, out var ticks) && ticks <= next.Ticks)
            {
                _now = Instant.Max(_now, new(ticks));
                _messages.Dequeue()();
            }

            _now = next;
            foreach (var member in _members)
            {
                if (member.Now(_now) >= member.Hold.AskAt || _random.Next(40) == 0)
                {
                    Ask(member, member.Hold.Ask(Demands(), Need(), member.Now(_now)));
                }
            }

            Act();
            foreach (var member in _isHungry ? _members : [])
            {
                Use(member, 20);
            }
        }
    }

    /// <summary>The first limit that was exceeded as its provider counts, or null.</summary>
    public string? Exceeded()
    {
        foreach (var limit in _limits)
        {
            var spent = _spent.Where(spent => spent.Charge[limit.Dimension] > 0).OrderBy(spent => spent.At).ToArray();
            var excess = limit.Algorithm switch
            {
                LimitAlgorithm.Bucket => OfBucket(limit, spent),
                LimitAlgorithm.CalendarDay => OfDays(limit, spent),
                LimitAlgorithm.Concurrency => OfPlaces(limit, spent),
                _ => OfWindows(limit, spent),
            };
            if (excess > 1e-3)
            {
                return $"{limit.Algorithm} of {limit.Amount} exceeded by {excess}";
            }
        }

        return null;
    }

    private void Act()
    {
        switch (_random.Next(30))
        {
            case < 12 when _members.Count > 0:
                Use(_members[_random.Next(_members.Count)], 1 + _random.Next(5));
                break;
            case < 16:
                foreach (var member in _members)
                {
                    Use(member, 40);
                }

                break;
            case < 25:
                Settle(_random.Next(1, 8));
                break;
            case 25 when _members.Count > 1:
                Die(_members[_random.Next(_members.Count)]);
                break;
            case 26 when _members.Count > 1:
                var leaving = _members[_random.Next(_members.Count)];
                foreach (var spent in _underWay.Where(spent => spent.By == leaving).ToArray())
                {
                    Settle(spent);
                }

                Ask(leaving, leaving.Hold.Leave(leaving.Now(_now)));
                _members.Remove(leaving);
                break;
            case 27 when _members.Count < 8:
                Bear();
                break;
            case 28 when _members.Count > 0:
                _members[_random.Next(_members.Count)].CutOffUntil = _now + TimeSpan.FromSeconds(_random.Next(60));
                break;
            case 29:
                var state = JsonSerializer.Deserialize<LeaseBookState>(JsonSerializer.Serialize(_book.Save()))!;
                _book = new(_limits, Caution.None(), _policy);
                Assert.True(_book.TryRestore(state));
                break;
        }
    }

    private void Bear() => _members.Add(new(
        new("i" + _born++, _limits, _policy),
        TimeSpan.FromSeconds(_random.Next(-10_000, 10_000)),
        1 + _drift * _random.Next(-1, 2),
        _now));

    private void Die(Member member)
    {
        _members.Remove(member);
        foreach (var spent in _underWay.Where(spent => spent.By == member))
        {
            spent.EndsAt = _now;
        }

        _underWay.RemoveAll(spent => spent.By == member);
    }

    private void Ask(Member member, LeaseAsk ask)
    {
        for (var copies = Copies(member); copies > 0; copies--)
        {
            Send(() =>
            {
                var answer = _book.Ask(ask, _now);
                for (var answers = Copies(member); answers > 0; answers--)
                {
                    Send(() => member.Hold.Apply(answer, member.Now(_now)));
                }
            });
        }
    }

    private int Copies(Member member) => _now < member.CutOffUntil ? 0 : _random.Next(10) switch { 0 => 0, 1 => 2, _ => 1 };

    private void Send(Action arrival) => _messages.Enqueue(
        arrival, (_now + TimeSpan.FromMilliseconds(_random.Next(8) == 0 ? _random.Next(25_000) : _random.Next(200))).Ticks);

    private void Use(Member member, int tries)
    {
        for (var i = 0; i < tries; i++)
        {
            var charge = Need();
            if (member.Hold.FitsAt(charge, member.Now(_now)) > member.Now(_now))
            {
                continue;
            }

            member.Hold.Take(charge, member.Now(_now));
            _spent.Add(new(member, _now, member.Now(_now), charge));
            _underWay.Add(_spent[^1]);
        }
    }

    private void Settle(int count)
    {
        for (; count > 0 && _underWay.Count > 0; count--)
        {
            Settle(_underWay[_random.Next(_underWay.Count)]);
        }
    }

    private void Settle(Spent spent)
    {
        _underWay.Remove(spent);
        var part = _random.Next(3) == 0 ? 1 : _random.NextDouble();
        var was = spent.Charge;
        var final = new Charge(was.Requests, (long)(was.Tokens * part), (long)(was.InputTokens * part), (long)(was.OutputTokens * part), 0);
        spent.By.Hold.Settle(was, final, spent.TakenAt, spent.By.Now(_now));
        spent.Charge = final with { Concurrent = was.Concurrent };
        spent.EndsAt = _now;
    }

    private Charge Need()
    {
        var tokens = (long)Math.Exp((_isHungry ? 5 : 7) * _random.NextDouble());
        return new(1, tokens, tokens, tokens, 1);
    }

    private LeaseDemand[] Demands() => _isHungry ? [new("t" + _random.Next(3), 1, Priority.Standard, new(1_000, 30_000, 30_000, 30_000, 50))] :
    [
        .. Enumerable.Range(0, _random.Next(4)).Select(_ => new LeaseDemand(
            "t" + _random.Next(3), 1 + _random.Next(3), (Priority)_random.Next(3), new(_random.Next(20), _random.Next(2_000), _random.Next(500), _random.Next(500), _random.Next(10)))),
    ];

    private static double OfBucket(Limit limit, Spent[] spent)
    {
        var (level, at, worst) = (limit.Capacity, Start, 0.0);
        foreach (var one in spent)
        {
            level = Math.Min(limit.Capacity, level + limit.PerSecond * (one.At - at).TotalSeconds) - one.Charge[limit.Dimension];
            at = one.At;
            worst = Math.Max(worst, -level);
        }

        return worst;
    }

    private static double OfWindows(Limit limit, Spent[] spent)
    {
        var (first, sum, worst) = (0, 0.0, 0.0);
        foreach (var one in spent)
        {
            sum += one.Charge[limit.Dimension];
            for (; spent[first].At <= one.At - limit.Window; first++)
            {
                sum -= spent[first].Charge[limit.Dimension];
            }

            worst = Math.Max(worst, sum - limit.Amount);
        }

        return worst;
    }

    private static double OfDays(Limit limit, Spent[] spent) => spent
        .GroupBy(one => one.At.Ticks / TimeSpan.TicksPerDay)
        .Select(day => day.Sum(one => (double)one.Charge[limit.Dimension]) - limit.Amount)
        .Append(0).Max();

    private double OfPlaces(Limit limit, Spent[] spent)
    {
        var changes = spent.Select(one => (one.At, By: one.Charge.Concurrent))
            .Concat(spent.Select(one => (At: Instant.Min(one.EndsAt, one.At + _policy.LongestCall), By: -one.Charge.Concurrent)))
            .OrderBy(change => change.At).ThenBy(change => change.By);
        var (running, most) = (0L, 0L);
        foreach (var (_, by) in changes)
        {
            running += by;
            most = Math.Max(most, running);
        }

        return most - limit.Amount;
    }

    private sealed record Member(LeaseHold Hold, TimeSpan Offset, double Speed, Instant BornAt)
    {
        public Instant CutOffUntil { get; set; }

        public Instant Now(Instant now) => BornAt + Offset + (now - BornAt) * Speed;
    }

    private sealed class Spent(Member by, Instant at, Instant takenAt, Charge charge)
    {
        public Member By { get; } = by;

        public Instant At { get; } = at;

        public Instant TakenAt { get; } = takenAt;

        public Charge Charge { get; set; } = charge;

        public Instant EndsAt { get; set; } = Instant.Never;
    }
}
