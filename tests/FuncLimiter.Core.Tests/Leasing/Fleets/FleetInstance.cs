using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>One process: a limiter, its clock, and the sources that keep calls waiting at it.</summary>
internal sealed class FleetInstance
{
    private readonly FleetWorld _world;
    private readonly Instant _bornAt;
    private readonly Source[] _sources;
    private readonly int[] _waiting;
    private readonly int _places;
    private Instant _wakeAt = Instant.Never;
    private bool _isDead;

    public FleetInstance(FleetWorld world, LimiterSpec spec, IEnumerable<Source> sources)
    {
        (_world, _bornAt, _sources) = (world, world.Now, [.. sources]);
        _waiting = new int[_sources.Length];
        _places = spec.Routes[0].Targets.Count;
        Limiter = new(spec);
    }

    public Limiter Limiter { get; }

    public TimeSpan Offset { get; init; }

    public double Speed { get; init; } = 1;

    public Instant Clock => _bornAt + Offset + (_world.Now - _bornAt) * Speed;

    public int Refused { get; private set; }

    public void Die() => _isDead = true;

    /// <summary>Hands in calls until as many wait as should.</summary>
    public void Fill()
    {
        if (_isDead)
        {
            return;
        }

        for (var i = 0; i < _sources.Length; i++)
        {
            while (_waiting[i] < _sources[i].Backlog)
            {
                Submit(i);
            }
        }

        Pump();
    }

    public void Hear(ScopeAnswer answer)
    {
        if (_isDead)
        {
            return;
        }

        Limiter.Apply(answer, Clock);
        Pump();
    }

    public void End(Call call, Settlement settlement, Observation? observation)
    {
        if (_isDead)
        {
            return;
        }

        if (observation is not null)
        {
            Limiter.Observe(call.Reservation, observation, Clock);
        }

        Limiter.Settle(call.Reservation, settlement, Clock);
        Pump();
    }

    private void Submit(int index)
    {
        var source = _sources[index];
        var tokens = _world.Random.Next(source.LeastTokens, source.MostTokens + 1);
        var charge = new Charge(1, tokens, tokens / 2, tokens - tokens / 2, 1);
        var call = new Call
        {
            Route = "m",
            Tenant = source.Tenant,
            User = source.Users > 0 ? "u" + _world.Random.Next(source.Users) : null,
            Priority = source.Priority,
            Consumer = charge,
            Provider = [.. Enumerable.Repeat(charge, _places)],
            Tag = index,
        };
        switch (Limiter.Submit(call, Clock))
        {
            case CallState.Admitted:
                _world.Sent(this, call);
                break;
            case CallState.Waiting:
                _waiting[index]++;
                break;
            default:
                // Whoever is refused comes back in a second.
                Refused++;
                _waiting[index]++;
                _world.At(TimeSpan.FromSeconds(1), () => { _waiting[index]--; Fill(); });
                break;
        }
    }

    private void Pump()
    {
        if (Limiter.NextWake <= Clock)
        {
            Limiter.Advance(Clock);
        }

        var mayRefill = false;
        while (Limiter.TryTakeReleased(out var call))
        {
            _waiting[(int)call.Tag!]--;
            mayRefill = true;
            if (call.State == CallState.Admitted)
            {
                _world.Sent(this, call);
            }
            else
            {
                Refused++;
            }
        }

        if (mayRefill)
        {
            Fill();
            return;
        }

        var asksAt = Limiter.Leases!.NextAskAt(Clock);
        if (asksAt <= Clock)
        {
            foreach (var ask in Limiter.Leases.TakeDue(Clock))
            {
                _world.Ask(this, ask);
            }

            asksAt = Limiter.Leases.NextAskAt(Clock);
        }

        SleepUntil(Instant.Min(Limiter.NextWake, asksAt));
    }

    private void SleepUntil(Instant next)
    {
        if (!next.IsKnown)
        {
            return;
        }

        var wakeAt = _world.Now + TimeSpan.FromTicks(Math.Max(1, (long)((next - Clock).Ticks / Speed) + 1));
        if (wakeAt >= _wakeAt && _wakeAt > _world.Now)
        {
            return;
        }

        _wakeAt = wakeAt;
        _world.At(wakeAt - _world.Now, () =>
        {
            if (_isDead || _wakeAt != wakeAt)
            {
                return;
            }

            _wakeAt = Instant.Never;
            Pump();
        });
    }
}
