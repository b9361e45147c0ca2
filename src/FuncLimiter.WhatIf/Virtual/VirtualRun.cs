using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>
/// A fleet in virtual time: the limiter's own decisions, from one event to the next, against providers that count for themselves. The same
/// configuration, fleet and seed always play out alike.
/// </summary>
internal sealed class VirtualRun
{
    private const int EventsPerLook = 1 << 16;
    private static readonly TimeSpan OutsiderBeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromDays(8);

    private readonly GatewayConfiguration _configuration;
    private readonly VirtualFleet _fleet;
    private readonly Limiter _limiter;
    private readonly Estimator _estimator = new();
    private readonly EventQueue _events = new();
    private readonly VirtualGroup[] _groups;
    private readonly List<VirtualTally> _tallies = [];
    private readonly VirtualAttempts _attempts;
    private readonly VirtualSpending _spending;
    private readonly Instant _start;
    private readonly Instant _end;
    private Instant _now;
    private Instant _wokenAt = Instant.Distant;

    /// <param name="configuration">What decides.</param>
    /// <param name="seed">What chance is drawn from.</param>
    /// <param name="sink">Told of every call that ends, as the gateway tells it; null for nobody.</param>
    public VirtualRun(GatewayConfiguration configuration, VirtualFleet fleet, ulong seed, IUsageSink? sink = null)
    {
        (_configuration, _fleet) = (configuration, fleet);
        _limiter = new Limiter(LimiterSpecs.From(configuration, isDurable: false));
        _start = _now = Instant.From(ProviderSetup.Epoch + fleet.StartsAt);
        _end = _start + fleet.Duration + (fleet.EndsAll ? LongestEnd : TimeSpan.Zero);
        var routes = new RouteTable(configuration, ProviderCatalog.Get);
        _groups = [.. fleet.Groups.Select((work, index) => Group(work, index, routes, seed))];
        Providers = new VirtualProviders(ProviderSetup.From(configuration, fleet, seed));
        _spending = new VirtualSpending(configuration.Budgets, _events, HandIn);
        _attempts = new VirtualAttempts(configuration, fleet, _limiter, Providers, _spending, _events, _estimator, _start, Submit, sink);
    }

    /// <summary>What has happened so far: arrivals, answers, wake-ups.</summary>
    public long Events { get; private set; }

    public IReadOnlyList<VirtualTally> Tallies => _tallies;

    public VirtualProviders Providers { get; }

    /// <summary>Calls that wait at the end.</summary>
    public int Waiting => _limiter.Waiting;

    /// <summary>Plays it to its end.</summary>
    /// <param name="onProgress">Told from time to time how much of the time has gone by, 0 to 1.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public void Play(Action<double>? onProgress, CancellationToken cancellationToken)
    {
        for (var index = 0; index < _groups.Length; index++)
        {
            PlanArrival(index);
        }

        PlanScripted(0);
        for (var index = 0; index < _fleet.Outsiders.Count; index++)
        {
            _events.Add(_start + _fleet.Outsiders[index].After, new VirtualEvent(VirtualEventKind.Outsider, index, null));
        }

        while (Step())
        {
            if (++Events % EventsPerLook == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                onProgress?.Invoke((_now - _start) / _fleet.Duration);
            }
        }

        onProgress?.Invoke(1);
    }

    private VirtualGroup Group(WorkGroup work, int index, RouteTable routes, ulong seed)
    {
        var tally = _tallies.Find(known => known.Tenant == work.Tenant && known.Priority == work.Priority);
        if (tally is null)
        {
            _tallies.Add(tally = new VirtualTally(work.Tenant, work.Priority, (int)Math.Ceiling(_fleet.Duration.TotalHours)));
        }

        return routes.TryGet(work.Route, out var route)
            ? new VirtualGroup(work, route, routes.ClosedTo(work.Tenant, route), tally, seed, index)
            : throw new ArgumentException($"There is no route '{work.Route}'.", nameof(work));
    }

    private bool Step()
    {
        // A timer ticks in milliseconds, rounded up, as a host's does.
        var wake = _limiter.NextWake;
        wake = wake.IsKnown ? Instant.Max(new(RoundUp(wake.Ticks)), new(RoundUp(_wokenAt.Ticks + 1))) : wake;
        var next = _events.Next;
        _now = Instant.Max(_now, Instant.Min(wake, next));
        if (_now >= _end)
        {
            return false;
        }

        if (wake < next)
        {
            _wokenAt = _now;
            _limiter.Advance(_now);
        }
        else
        {
            Happen(_events.Take());
        }

        while (_limiter.TryTakeReleased(out var call))
        {
            _attempts.Decided((VirtualCall)call.Tag!, _now);
        }

        return true;
    }

    private void Happen(in VirtualEvent happening)
    {
        switch (happening.Kind)
        {
            case VirtualEventKind.Arrival:
                Arrive(_groups[happening.Index]);
                PlanArrival(happening.Index);
                break;
            case VirtualEventKind.Scripted:
                Arrive(_fleet.Script[happening.Index]);
                PlanScripted(happening.Index + 1);
                break;
            case VirtualEventKind.Leave:
                if (_spending.GiveUp(happening.Call!, _now) || (happening.Call!.Admission is { } handedIn && _limiter.Cancel(handedIn, _now)))
                {
                    happening.Call!.Group.Tally.HasLeft();
                    _spending.Settle(happening.Call, SpendAmount.None, _now);
                }

                break;
            case VirtualEventKind.Spent:
                if (happening.Call!.MoneyAskedAt is not null && happening.Call.Deadline <= _now && _spending.GiveUp(happening.Call, _now))
                {
                    _attempts.Refused(happening.Call, _spending.TooLate(happening.Call, _now), _now);
                }

                break;
            case VirtualEventKind.Answer:
                _attempts.Answered(happening.Call!, _now);
                break;
            case VirtualEventKind.Again:
                _attempts.AskAgain(happening.Call!, _now);
                break;
            case VirtualEventKind.Return:
                Return(happening.Call!);
                break;
            case VirtualEventKind.Outsider:
                TakeOutside(happening.Index);
                break;
        }
    }

    private void PlanArrival(int index)
    {
        if (_groups[index].Arrivals is { IsAny: true } arrivals)
        {
            var at = _now + TimeSpan.FromSeconds(arrivals.NextGap());
            if (at < _start + _fleet.Duration)
            {
                _events.Add(at, new VirtualEvent(VirtualEventKind.Arrival, index, null));
            }
        }
    }

    private void PlanScripted(int index)
    {
        if (index < _fleet.Script.Count)
        {
            _events.Add(_start + _fleet.Script[index].After, new VirtualEvent(VirtualEventKind.Scripted, index, null));
        }
    }

    private void Arrive(ScriptedCall script)
    {
        var group = _groups[script.Group];
        group.Tally.Arrived(script.After.TotalSeconds);
        if (script.IsBatch)
        {
            group.Tally.SentToBatch(script.After.TotalSeconds, CostInBatch(group, script));
            return;
        }

        var diversion = group.Route.Smaller == 0 ? Diversion.Never : script.Diversion;
        var call = new VirtualCall(group, script.Facts, CallPlan.Foresee(group.Route, script.Facts, group.Caller, _estimator), _now)
        {
            Patience = script.MaxWait ?? _configuration.Queue.MaxWait(group.Work.Priority),
            Usage = script.Usage,
            Diversion = diversion,
            Closed = group.Closed(script.Facts.Operation, script.NotAt) | (diversion == Diversion.Never ? group.Route.Smaller : 0),
            Seed = (ulong)script.Identity,
            Script = script,
        };
        Submit(call, excluded: null, _now);
        if (script.Leaves is { } after && (call.MoneyAskedAt is not null || call.Admission is { State: CallState.Waiting }))
        {
            _events.Add(_now + after, new VirtualEvent(VirtualEventKind.Leave, 0, call));
        }
    }

    private static decimal? CostInBatch(VirtualGroup group, ScriptedCall script)
    {
        if (script.CostTold is { } told)
        {
            return told.Usd;
        }

        var price = group.Route.Deployments[0].Price;
        return price is null ? null : CallCost.Of(price, script.Usage, isBatch: true).TotalUsd;
    }

    private void Arrive(VirtualGroup group)
    {
        var seconds = (_now - _start).TotalSeconds;
        if (!group.Arrivals.TryArrive(seconds + _fleet.StartsAt.TotalSeconds))
        {
            return;
        }

        var (work, chance) = (group.Work, group.Chance);
        var usage = group.Draw();
        group.Tally.Arrived(seconds);
        if (work.BatchShare > 0 && chance.Share() < work.BatchShare)
        {
            _attempts.SendToBatch(group, usage, _now);
            return;
        }

        var isSimple = work.SimpleShare > 0 && chance.Share() < work.SimpleShare && group.Route.Smaller != 0;
        var facts = group.FactsOf(usage);
        var plan = CallPlan.Foresee(group.Route, facts, group.Caller, _estimator);
        Submit(
            new VirtualCall(group, facts, plan, _now)
            {
                Patience = _configuration.Queue.MaxWait(work.Priority, work.MaxWait),
                Usage = usage,
                Diversion = isSimple ? Diversion.UnderPressure : Diversion.Never,
                Closed = group.Closed(facts.Operation, []) | (isSimple ? 0 : group.Route.Smaller),
                Seed = chance.Next(),
            },
            excluded: null,
            _now);
    }

    // A call that is made again is foreseen anew.
    private void Return(VirtualCall call)
    {
        call.Plan = CallPlan.Foresee(call.Group.Route, call.Facts, call.Group.Caller, _estimator);
        (call.MadeAt, call.WaitedBefore) = (_now, call.Waited);
        Submit(call, excluded: null, _now);
    }

    private void Submit(VirtualCall call, ulong? excluded, Instant now)
    {
        call.Excluded = excluded ?? call.Closed;
        if (_spending.Hold(call, now) is { } refusal)
        {
            _attempts.Refused(call, refusal, now);
        }
        else if (call.MoneyAskedAt is null)
        {
            HandIn(call, now);
        }
    }

    private void HandIn(VirtualCall call, Instant now)
    {
        var spent = _spending.Closed(call, now);
        if (spent != 0 && (spent | call.Excluded) == (spent | call.Excluded | call.Plan.Route.All))
        {
            _spending.Settle(call, SpendAmount.None, now);
            _attempts.Refused(call, new Refusal(RefusalReason.Spent, $"route:{call.Plan.Route.Name}", Instant.Never), now);
            return;
        }

        call.Admission = new Call
        {
            Route = call.Plan.Route.Name,
            Tenant = call.Group.Work.Tenant,
            User = call.Group.Caller.User,
            Priority = call.Group.Work.Priority,
            Consumer = call.Plan.Consumer,
            Provider = (Charge[])call.Plan.Charges,
            ConsumerAtLeast = call.Plan.ConsumerAtLeast,
            ProviderAtLeast = (Charge[]?)call.Plan.ChargesAtLeast,
            Sizes = call.Plan.Sizes,
            Caller = (long)call.Seed,
            IsIdentified = call.Script is { IsIdentified: true },
            IsBack = call.Script?.IsBack,
            MaxWait = call.Deadline > now ? call.Deadline - now : TimeSpan.Zero,
            Excluded = call.Excluded | spent,
            Diversion = call.Diversion,
            Tag = call,
        };
        if (_limiter.Submit(call.Admission, now) != CallState.Waiting)
        {
            _attempts.Decided(call, now);
        }
    }

    private void TakeOutside(int index)
    {
        var outsider = _fleet.Outsiders[index];
        var share = OutsiderBeat / TimeSpan.FromMinutes(1);
        var (requests, tokens) = ((long)Math.Round(outsider.RequestsPerMinute * share), (long)Math.Round(outsider.TokensPerMinute * share));
        Providers.TakeOutside(_attempts.PlaceOf(outsider.Deployment), new VirtualCharge(requests, tokens, tokens, 0, 0), (_now - _start).TotalSeconds);
        if (_now + OutsiderBeat < _start + outsider.Until)
        {
            _events.Add(_now + OutsiderBeat, new VirtualEvent(VirtualEventKind.Outsider, index, null));
        }
    }

    private static long RoundUp(long ticks) =>
        (ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond;
}

/// <summary>What is to happen.</summary>
internal enum VirtualEventKind
{
    /// <summary>A group may have a call.</summary>
    Arrival,

    /// <summary>A call comes that is known beforehand.</summary>
    Scripted,

    /// <summary>The caller of a waiting call goes away.</summary>
    Leave,

    /// <summary>A provider's answer is there.</summary>
    Answer,

    /// <summary>A call that was told to wait asks again.</summary>
    Again,

    /// <summary>A refused call comes back when it was told to.</summary>
    Return,

    /// <summary>A call may wait no longer for what others hold of a budget.</summary>
    Spent,

    /// <summary>Somebody else uses a key.</summary>
    Outsider,
}

/// <summary>Something that is to happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">The group or the outsider.</param>
/// <param name="Call">The call.</param>
internal readonly record struct VirtualEvent(VirtualEventKind Kind, int Index, VirtualCall? Call);

/// <summary>What is to happen, by its time; at one instant in the order in which it was planned, so that a seed always plays out alike.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<VirtualEvent, (long Ticks, long Order)> _queue = new();
    private long _order;

    /// <summary>When the next thing happens; <see cref="Instant.Never"/> where nothing will.</summary>
    public Instant Next => _queue.TryPeek(out _, out var at) ? new Instant(at.Ticks) : Instant.Never;

    public void Add(Instant at, in VirtualEvent happening) => _queue.Enqueue(happening, (at.Ticks, _order++));

    public VirtualEvent Take() => _queue.Dequeue();
}
