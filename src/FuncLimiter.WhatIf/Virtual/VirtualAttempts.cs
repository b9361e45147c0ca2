using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
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
    private readonly EventQueue _events;
    private readonly Estimator _estimator;
    private readonly Instant _start;
    private readonly Action<VirtualCall, ulong?, Instant> _submit;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly bool[] _tells;
    private readonly GatewayOptions _options = new();
    private readonly PacingPolicy _policy;

    public VirtualAttempts(
        GatewayConfiguration configuration,
        VirtualFleet fleet,
        Limiter limiter,
        VirtualProviders providers,
        EventQueue events,
        Estimator estimator,
        Instant start,
        Action<VirtualCall, ulong?, Instant> submit)
    {
        (_fleet, _limiter, _providers, _events, _estimator, _start, _submit) = (fleet, limiter, providers, events, estimator, start, submit);
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
        if (admission.State == CallState.Admitted)
        {
            Call(call, now);
        }
        else if (call.Pacing is null)
        {
            Refuse(call, admission.Refusal!, now);
        }
        else
        {
            Go(call, new PacingEvent.Refused(now, admission.Refusal!), now);
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
        TokenUsage? usage = isAnswered ? call.Usage : null;
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
        var cost = usage is { } used && call.Plan.Price(admission.Place) is { } price ? CallCost.Of(price, used) : (CallCost?)null;
        _limiter.Settle(admission.Reservation, call.Plan.SettlementOf(admission.Place, kind, usage, cost), now);
        if (isAnswered)
        {
            Deliver(call, seconds);
            return;
        }

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
        call.Answer = _providers.Ask(place, Of(call.TrueStart), seconds);
        call.Readings = _tells[place] && call.Answer.Outcome != VirtualOutcome.Overloaded ? Readings(place, seconds) : [];
        _events.Add(now + TimeOf(call, deployment.Name), new VirtualEvent(VirtualEventKind.Answer, 0, call));
    }

    private TimeSpan TimeOf(VirtualCall call, string deployment) => call.Answer.Outcome switch
    {
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
                call.Group.Arrivals.Return();
                break;
        }
    }

    private void Deliver(VirtualCall call, double seconds)
    {
        var place = call.Admission.Place;
        var price = call.Plan.Price(place);
        _estimator.Learn(CallPlan.Key(call.Plan.Route.Deployments[place], call.Group.Caller), call.Facts.Prompt, call.Usage);
        call.Group.Tally.Answered(
            (call.SubmittedAt - _start).TotalSeconds,
            (call.AdmittedAt - _start).TotalSeconds,
            call.Waited.TotalSeconds,
            call.Admission.Choice == RouteChoice.Diverted,
            price is null ? null : CallCost.Of(price, call.Usage).TotalUsd);
        call.Group.Arrivals.Return();
    }

    private void Refuse(VirtualCall call, Refusal refusal, Instant now)
    {
        if (call.Returns < call.Group.Work.Returns && refusal.RetryAt.IsKnown && refusal.RetryAt - call.SubmittedAt <= call.Group.Work.ReturnWithin)
        {
            var at = Instant.Max(refusal.RetryAt, now + RefusalTime);
            call.Returns++;
            call.Waited += at - now;
            call.Pacing = null;
            call.Group.Tally.Return();
            _events.Add(at, new VirtualEvent(VirtualEventKind.Return, 0, call));
            return;
        }

        call.Group.Tally.WasRefused((call.SubmittedAt - _start).TotalSeconds, refusal.Reason);
        call.Group.Arrivals.Return();
    }

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
