using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>What the gateway does with calls once the limiter has decided: asks a provider, settles, and tries again as the pacing machine says.</summary>
internal sealed class VirtualAttempts
{
    // How long a provider takes to say no.
    private static readonly TimeSpan RefusalTime = TimeSpan.FromMilliseconds(50);

    private readonly VirtualFleet _fleet;
    private readonly Limiter _limiter;
    private readonly VirtualProviders _providers;
    private readonly VirtualSpending _spending;
    private readonly EventQueue _events;
    private readonly Estimator _estimator;
    private readonly Instant _start;
    private readonly Action<VirtualCall, ulong?, Instant> _submit;
    private readonly IUsageSink? _sink;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly bool[] _tells;
    private readonly GatewayOptions _options = new();
    private readonly PacingPolicy _policy;

    public VirtualAttempts(
        GatewayConfiguration configuration,
        VirtualFleet fleet,
        Limiter limiter,
        VirtualProviders providers,
        VirtualSpending spending,
        EventQueue events,
        Estimator estimator,
        Instant start,
        Action<VirtualCall, ulong?, Instant> submit,
        IUsageSink? sink)
    {
        (_fleet, _limiter, _providers, _spending, _events, _estimator, _start, _submit, _sink) = (fleet, limiter, providers, spending, events, estimator, start, submit, sink);
        _policy = PacingPolicy.Default with { MaxAttempts = _options.MaxAttempts };
        _tells = [.. configuration.Accounts.SelectMany(account => account.Models.Select(_ => ProviderSetup.TellsLimits(account.Provider)))];
        foreach (var name in configuration.Accounts.SelectMany(account => account.Models.Select(model => $"{account.Id}/{model.Model}")))
        {
            _places.Add(name, _places.Count);
        }
    }

    /// <summary>A deployment's place among the providers.</summary>
    public int PlaceOf(string deployment) => _places[deployment];

    /// <summary>The limiter let a call out, or refused it.</summary>
    public void Decided(VirtualCall call, Instant now)
    {
        var admission = call.Admission;
        call.Waited += now - admission.SubmittedAt;
        if (admission.State != CallState.Admitted)
        {
            _spending.Settle(call, SpendAmount.None, now);
            Refused(call, admission.Refusal!, now);
        }
        else if (_spending.HoldPlace(call, now))
        {
            Call(call, now);
        }
        else
        {
            // Another call took what was left of that place meanwhile.
            _limiter.Settle(admission.Reservation, default, now);
            _spending.Settle(call, SpendAmount.None, now);
            _submit(call, call.Excluded, now);
        }
    }

    /// <summary>The limiter refused a call, or a budget did.</summary>
    public void Refused(VirtualCall call, Refusal refusal, Instant now)
    {
        if (call.Pacing is null)
        {
            Refuse(call, refusal, now);
        }
        else
        {
            Go(call, new PacingEvent.Refused(now, refusal), now);
        }
    }

    /// <summary>The wait of a call that was told to wait is over.</summary>
    public void AskAgain(VirtualCall call, Instant now) => Go(call, new PacingEvent.TimerFired(now), now);

    /// <summary>A provider's answer is there.</summary>
    public void Answered(VirtualCall call, Instant now)
    {
        var (admission, seconds) = (call.Admission, (now - _start).TotalSeconds);
        var deployment = call.Plan.Route.Deployments[admission.Place];
        var place = _places[deployment.Name];
        var isAnswered = call.Answer.Outcome == VirtualOutcome.Answered;
        TokenUsage? usage = isAnswered && call.Script is not { IsUsageTold: false } ? call.Usage : null;
        var kind = KindOf(call.Answer.Outcome);
        if (call.Answer.IsTaken)
        {
            var end = deployment.Provider.ChargeAtEnd(call.FactsAt(deployment), call.TrueStart, usage, kind);
            _providers.End(place, Of(end - call.TrueStart), usage?.InputTokens ?? 0, usage?.OutputTokens ?? 0, seconds);
        }

        var retryAfter = call.Answer.RetryAfterSeconds is { } told ? TimeSpan.FromSeconds(told) : (TimeSpan?)null;
        _limiter.Observe(
            admission.Reservation,
            new Observation(kind) { Readings = call.Readings, RetryAfter = retryAfter, Dimension = Of(call.Answer.Dimension) },
            now);
        var cost = usage is { } used ? CostOf(call, used) : null;
        var settlement = call.Plan.SettlementOf(admission.Place, kind, usage, cost);
        _limiter.Settle(admission.Reservation, settlement, now);
        _spending.Settle(call, SpendAmount.Of(settlement.Consumer), now);
        if (isAnswered)
        {
            Deliver(call, usage, cost, now);
            return;
        }

        call.Failures.Add(new FailedTry(kind, retryAfter, now - call.AdmittedAt));
        call.Pacing ??= Replay(call, deployment.Name);
        Go(call, new PacingEvent.Responded(now, kind, Retryable: kind != OutcomeKind.Rejected, retryAfter), now);
    }

    private void Call(VirtualCall call, Instant now)
    {
        var seconds = (now - _start).TotalSeconds;
        var deployment = call.Plan.Route.Deployments[call.Admission.Place];
        var place = _places[deployment.Name];
        if (call.Pacing is not null)
        {
            call.Pacing = PacingMachine.Next(call.Pacing, new PacingEvent.Admitted(now, call.Admission.Place, deployment.Name), _policy).State;
        }

        call.AdmittedAt = now;
        call.TrueStart = deployment.Provider.ChargeAtStart(
            call.FactsAt(deployment), new TokenEstimate(call.Usage.InputTokens, call.Usage.OutputTokens));
        call.Answer = Ask(call, place, seconds);
        call.Tries++;
        call.Readings = _tells[place] && call.Answer.Outcome != VirtualOutcome.Overloaded ? Readings(place, seconds) : [];
        _events.Add(now + TimeOf(call, deployment.Name), new VirtualEvent(VirtualEventKind.Answer, 0, call));
    }

    // What is known to fail does so without its provider, where that is not charged for it.
    private VirtualAnswer Ask(VirtualCall call, int place, double seconds) =>
        call.Script?.Failures is { } failures && call.Tries < failures.Count
            ? failures[call.Tries].Kind switch
            {
                OutcomeKind.TransientFailure => _providers.Ask(place, Of(call.TrueStart), seconds) is { Outcome: not VirtualOutcome.Answered } refused
                    ? refused
                    : new VirtualAnswer(VirtualOutcome.Failed),
                OutcomeKind.Rejected => new VirtualAnswer(VirtualOutcome.TooLarge),
                OutcomeKind.Overloaded => new VirtualAnswer(VirtualOutcome.Overloaded, failures[call.Tries].RetryAfter?.TotalSeconds),
                _ => new VirtualAnswer(VirtualOutcome.RateLimited, failures[call.Tries].RetryAfter?.TotalSeconds),
            }
            : _providers.Ask(place, Of(call.TrueStart), seconds);

    private static CallCost? CostOf(VirtualCall call, in TokenUsage usage)
    {
        var place = call.Admission.Place;
        var price = call.Plan.Price(place);
        return call.Script?.CostTold is { } told && told.Deployment == call.Plan.Route.Deployments[place].Name
            ? CallCost.Reported(told.Usd, price, usage)
            : price is null ? null : CallCost.Of(price, usage);
    }

    private TimeSpan TimeOf(VirtualCall call, string deployment) => call.Answer.Outcome switch
    {
        _ when call.Script?.Failures is { } failures && call.Tries <= failures.Count => failures[call.Tries - 1].Took,
        VirtualOutcome.Answered when call.Script?.Latency is { } known => known,
        VirtualOutcome.Answered => _fleet.LatencyOf.GetValueOrDefault(deployment, _fleet.Latency).Of(call.Usage.OutputTokens),
        VirtualOutcome.Failed => _fleet.LatencyOf.GetValueOrDefault(deployment, _fleet.Latency).Of(0),
        VirtualOutcome.Silent => _options.FirstByteTimeout,
        _ => RefusalTime,
    };

    private void Go(VirtualCall call, PacingEvent occurred, Instant now)
    {
        var step = PacingMachine.Next(call.Pacing!, occurred, _policy);
        call.Pacing = step.State;
        switch (step.Action)
        {
            case PacingAction.Admit admit:
                _submit(call, admit.Excluded, now);
                break;
            case PacingAction.Reroute reroute:
                _submit(call, reroute.Excluded, now);
                break;
            case PacingAction.WaitUntil wait:
                call.Waited += wait.Until > now ? wait.Until - now : TimeSpan.Zero;
                _events.Add(wait.Until, new VirtualEvent(VirtualEventKind.Again, 0, call));
                break;
            case PacingAction.Refuse refuse:
                Refuse(call, refuse.Refusal, now);
                break;
            default:
                call.Group.Tally.HasFailed();
                Tell(call, UsageOutcome.Failed, null, null, now);
                call.Group.Arrivals.Return();
                break;
        }
    }

    /// <summary>A call is left to its provider's batch service.</summary>
    public void SendToBatch(VirtualGroup group, in TokenUsage usage, Instant now)
    {
        var deployment = group.Route.Deployments[0];
        var cost = deployment.Price is { } price ? CallCost.Of(price, usage, isBatch: true).TotalUsd : (decimal?)null;
        group.Tally.SentToBatch((now - _start).TotalSeconds, cost);
        _sink?.Record(new UsageRecord(
            now.ToDateTimeOffset(), group.Caller, group.Route.Name, Operation.ChatCompletions, deployment.Name, 200, usage, cost, TimeSpan.Zero, TimeSpan.Zero, 1)
        {
            IsBatch = true,
        });
        group.Arrivals.Return();
    }

    private void Deliver(VirtualCall call, TokenUsage? usage, CallCost? cost, Instant now)
    {
        var place = call.Admission.Place;
        if (usage is { } used && call.Script is not { IsUsageCertain: false } && call.Facts.Operation != Operation.Other && (call.Facts.TextBytes > 0 || call.Facts.Images > 0))
        {
            _estimator.Learn(CallPlan.Key(call.Plan.Route.Deployments[place], call.Group.Caller), call.Facts.Prompt, used);
        }

        if (call.Script is { Fails: true })
        {
            call.Group.Tally.HasFailed(cost?.TotalUsd);
            Tell(call, UsageOutcome.Failed, usage, cost, now);
            return;
        }

        call.Group.Tally.Answered(
            (call.SubmittedAt - _start).TotalSeconds,
            (call.AdmittedAt - _start).TotalSeconds,
            call.Waited.TotalSeconds,
            call.Admission.Choice == RouteChoice.Diverted,
            cost?.TotalUsd);
        Tell(call, UsageOutcome.Answered, usage, cost, now);
        call.Group.Arrivals.Return();
    }

    private void Refuse(VirtualCall call, Refusal refusal, Instant now)
    {
        Tell(call, UsageOutcome.Refused, null, null, now, refusal.Reason);
        if (call.Returns < call.Group.Work.Returns && refusal.RetryAt.IsKnown && refusal.RetryAt - call.SubmittedAt <= call.Group.Work.ReturnWithin)
        {
            var at = Instant.Max(refusal.RetryAt, now + RefusalTime);
            call.Returns++;
            call.Waited += at - now;
            (call.Pacing, call.Tries) = (null, 0);
            call.Failures.Clear();
            call.Group.Tally.Return();
            _events.Add(at, new VirtualEvent(VirtualEventKind.Return, 0, call));
            return;
        }

        call.Group.Tally.WasRefused((call.SubmittedAt - _start).TotalSeconds, refusal.Reason);
        call.Group.Arrivals.Return();
    }

    // As the gateway does.
    private void Tell(VirtualCall call, UsageOutcome outcome, TokenUsage? usage, CallCost? cost, Instant now, RefusalReason? refusedFor = null) => _sink?.Record(new UsageRecord(
        now.ToDateTimeOffset(),
        call.Group.Caller,
        call.Plan.Route.Name,
        call.Facts.Operation,
        call.Tries > 0 ? call.Plan.Route.Deployments[Math.Max(0, call.Admission.Place)].Name : null,
        outcome == UsageOutcome.Answered ? 200 : outcome == UsageOutcome.Refused ? 429 : 502,
        usage,
        cost?.TotalUsd,
        call.Waited - call.WaitedBefore,
        now - call.MadeAt,
        call.Tries)
    {
        Outcome = outcome,
        RefusedFor = refusedFor,
        Shape = new CallShape(call.Facts, call.Plan.Estimate(0))
        {
            MaxWait = call.Script is { } script ? script.MaxWait : call.Group.Work.MaxWait,
            Identity = (long)call.Seed,
            Diversion = call.Diversion,
            Failures = [.. call.Failures],
        },
    });

    // As if the machine had been asked from the beginning: without a failure it says nothing that is not known.
    private PacingState Replay(VirtualCall call, string deployment)
    {
        var submitted = new PacingEvent.Submitted(call.MadeAt, call.Plan.Route.Deployments.Count, call.Seed, call.Deadline) { Excluded = call.Closed };
        var state = PacingMachine.Next(PacingState.New, submitted, _policy).State;
        return PacingMachine.Next(state, new PacingEvent.Admitted(call.AdmittedAt, call.Admission.Place, deployment), _policy).State;
    }

    private LimitReading[] Readings(int place, double seconds) =>
    [
        .. _providers.Read(place, seconds).Select(reading => new LimitReading(
            Of(reading.Dimension)!.Value, null, reading.Limit, reading.Remaining, TimeSpan.FromSeconds(reading.ResetSeconds))),
    ];

    private static OutcomeKind KindOf(VirtualOutcome outcome) => outcome switch
    {
        VirtualOutcome.Answered => OutcomeKind.Success,
        VirtualOutcome.RateLimited => OutcomeKind.RateLimited,
        VirtualOutcome.TooLarge => OutcomeKind.Rejected,
        VirtualOutcome.Overloaded => OutcomeKind.Overloaded,
        _ => OutcomeKind.TransientFailure,
    };

    private static Dimension? Of(LimitDimension? dimension) => dimension switch
    {
        LimitDimension.Requests => Dimension.Requests,
        LimitDimension.Tokens => Dimension.Tokens,
        LimitDimension.InputTokens => Dimension.InputTokens,
        LimitDimension.OutputTokens => Dimension.OutputTokens,
        LimitDimension.Concurrent => Dimension.Concurrent,
        _ => null,
    };

    private static VirtualCharge Of(in Charge charge) =>
        new(charge.Requests, charge.Tokens, charge.InputTokens, charge.OutputTokens, charge.Concurrent);
}
