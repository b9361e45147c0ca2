using System.Diagnostics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One call on its way: does what the pacing machine says, one action after the other.</summary>
internal sealed class CallRun
{
    private const int ClientClosedRequest = 499;

    private static readonly GatewayError EarlierFailure = new(502, "upstream_failed", "The deployments that may serve this call failed, or broke their answers off.");

    private readonly CallServices _services;
    private readonly IAttemptRunner _runner;
    private readonly PacingPolicy _policy;
    private readonly CallEnvelope _call;
    private readonly CallWays _ways;
    private readonly CallPlan _plan;
    private readonly long _startedAt;
    private CallAnswer _answer;
    private Attempt? _attempt;
    private FailedAttempt? _failure;
    private AdmissionRequest? _asked;
    private AdmissionResult? _admission;
    private TimeSpan _waited;
    private CallTerms? _terms;
    private SpentSoFar _spent;
    private List<FailedTry>? _failures;
    private RefusalReason? _refusedFor;

    public CallRun(CallServices services, IAttemptRunner runner, PacingPolicy policy, CallEnvelope call, CallWays ways, CallAnswer answer)
    {
        _services = services;
        _runner = runner;
        _policy = policy;
        _call = call;
        _answer = answer;
        _startedAt = services.Time.GetTimestamp();
        _ways = ways;
        _plan = CallPlan.Foresee(ways.Route, call.Facts, call.Caller, services.Estimator, holdsPlace: !call.IsTurn);
    }

    /// <summary>How many times a provider was asked.</summary>
    public int Attempts { get; private set; }

    /// <summary>Where the answer went.</summary>
    public CallAnswer Answer => _answer;

    /// <summary>What was asked last; null where nothing was.</summary>
    public string? Deployment => _attempt?.Deployment.Name;

    /// <summary>The tokens used, where known.</summary>
    public TokenUsage? Usage => _attempt?.Usage;

    /// <summary>True where a connection may still be reading the call's body.</summary>
    public bool HoldsBody { get; private set; }

    /// <summary>Gives up waiting, for admission and between attempts; a call that a provider has goes on.</summary>
    public CancellationToken StopWaiting { get; set; }

    /// <summary>What the caller is told where it gave up waiting; null where whoever runs the call is told by an exception.</summary>
    public GatewayError? StopError { get; set; }

    private Instant Now => _services.Clock.Now;

    /// <summary>Carries the call to its end.</summary>
    /// <exception cref="OperationCanceledException">The caller went away; all is settled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var trace = CallTrace.Begin(_call, _plan.Route.Name);
        try
        {
            await GoAsync(PacingState.New, Submitted(), cancellationToken);
        }
        catch (OperationCanceledException)
            when (StopError is not null && StopWaiting.IsCancellationRequested && !cancellationToken.IsCancellationRequested && !_answer.HasStarted)
        {
            await ErrorAnswer.WriteAsync(_answer, _call.Dialect, StopError, cancellationToken);
        }
        finally
        {
            _failure?.Dispose();
            _services.Usage.Record(trace.End(Record(isEnd: !_call.IsTriedAgain)));
        }
    }

    /// <summary>Goes on with the call until it is over, or must wait longer than the terms allow.</summary>
    /// <exception cref="OperationCanceledException">The leg was given up; all is settled.</exception>
    public async Task<PacingStep> RunLegAsync(PacingState state, CallTerms terms, CancellationToken cancellationToken)
    {
        _terms = terms;
        state = state.WaitsForRoom && state.WakeAt > Now ? state with { WakeAt = Now } : state;
        using var trace = CallTrace.Begin(_call, _plan.Route.Name);
        var isEnd = false;
        try
        {
            var step = await GoAsync(state, state.Phase == PacingPhase.New ? Submitted() : new PacingEvent.TimerFired(Now), cancellationToken);
            isEnd = step.Action.IsLast;
            return step;
        }
        finally
        {
            _failure?.Dispose();
            if (_attempt is not null || _answer.HasStarted)
            {
                _services.Usage.Record(trace.End(Record(isEnd)));
            }
        }
    }

    private async Task<PacingStep> GoAsync(PacingState state, PacingEvent? occurred, CancellationToken cancellationToken)
    {
        var step = new PacingStep(state, new PacingAction.Nothing());
        while (occurred is not null)
        {
            step = PacingMachine.Next(step.State, occurred, _policy);
            occurred = IsForLater(step.Action) ? null
                : StopWaiting.CanBeCanceled && step.Action is (PacingAction.Admit or PacingAction.Reroute or PacingAction.WaitUntil)
                    ? await WaitAsync(step.Action, cancellationToken)
                    : await CarryOutAsync(step.Action, cancellationToken);
        }

        return step;
    }

    private async ValueTask<PacingEvent?> WaitAsync(PacingAction action, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, StopWaiting);
        return await CarryOutAsync(action, enough.Token);
    }

    private bool IsForLater(PacingAction action) => _terms is not null
        && action is PacingAction.WaitUntil wait && wait.Until - Now > _terms.Patience;

    private PacingEvent.Submitted Submitted()
    {
        var now = Now;
        var deadline = _terms?.Deadline ?? now + (_call.MaxWait ?? _services.Configuration.Queue.MaxWait(_call.Caller.Priority));
        return new PacingEvent.Submitted(now, _plan.Route.Deployments.Count, _terms?.Seed ?? (ulong)Random.Shared.NextInt64(), deadline)
        {
            Excluded = _ways.Closed,
        };
    }

    /// <returns>What happened then; null where the call is over.</returns>
    private async ValueTask<PacingEvent?> CarryOutAsync(PacingAction action, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case PacingAction.Admit admit:
                return await AdmitAsync(admit.Excluded, admit.Deadline, cancellationToken);
            case PacingAction.Reroute reroute:
                return await AdmitAsync(reroute.Excluded, reroute.Deadline, cancellationToken);
            case PacingAction.WaitUntil wait:
                return await WaitAsync(wait.Until, cancellationToken);
            case PacingAction.Call:
                return await CallAsync(cancellationToken);
            case PacingAction.Deliver:
                await DeliverAsync(cancellationToken);
                return null;
            case PacingAction.Refuse refuse:
                await RefuseAsync(refuse.Refusal, cancellationToken);
                return null;
            default:
                throw new UnreachableException($"{action.GetType().Name} follows no new event.");
        }
    }

    private async ValueTask<PacingEvent> AdmitAsync(ulong excluded, Instant deadline, CancellationToken cancellationToken)
    {
        var caller = _call.Caller;
        var left = _terms is { } terms && terms.Patience < deadline - Now ? terms.Patience : deadline - Now;
        var request = new AdmissionRequest(
            _plan.Route.Name, caller.Tenant, caller.User, caller.Priority, _plan.Consumer, _plan.Charges)
        {
            Sizes = _plan.Sizes,
            Caller = CallIdentity.Of(_call),
            IsIdentified = _call.IdempotencyKey is not null,
            IsBack = CallIdentity.IsBack(_call),
            Workflow = caller.Workflow,
            Step = caller.Step,
            Run = caller.Run,
            MaxWait = left > TimeSpan.Zero ? left : TimeSpan.Zero,
            ProviderAtLeast = _plan.ChargesAtLeast,
            ConsumerAtLeast = _plan.ConsumerAtLeast,
            ConsumerAtMost = _plan.ConsumerAtMost,
            IsClosing = caller.IsClosing,
            Excluded = excluded,
            Diversion = _ways.Diversion,
            Prefixes = _call.Facts.Prefixes,
        };
        _asked = request;
        using (var wait = CallTrace.Wait(request))
        {
            _admission = wait.Ended(await _services.Limiter.AdmitAsync(request, cancellationToken));
        }

        _waited += _admission.Waited;
        if (_admission.Refusal is { } refusal)
        {
            return _terms is not null && IsOnlyForNow(refusal, deadline)
                ? new PacingEvent.ToldToWait(Now, refusal.RetryAt, refusal.Budget)
                : new PacingEvent.Refused(Now, refusal);
        }

        _spent = _spent.With(_attempt);
        _attempt = new Attempt(_services, _call, _plan, _admission, _waited, _ways.At(_admission.Place));
        return new PacingEvent.Admitted(Now, _admission.Place, _attempt.Deployment.Name);
    }

    // A leg waits little: a call that is told a time before its deadline has another leg then.
    private static bool IsOnlyForNow(Refusal refusal, Instant deadline) =>
        refusal is { Reason: RefusalReason.WouldWaitTooLong or RefusalReason.QueueFull or RefusalReason.Spent, RetryAt.IsKnown: true } && refusal.RetryAt <= deadline;

    private async ValueTask<PacingEvent> WaitAsync(Instant until, CancellationToken cancellationToken)
    {
        var wait = until - Now;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _services.Time, cancellationToken);
            _waited += wait;
        }

        return new PacingEvent.TimerFired(Instant.Max(until, Now));
    }

    private async ValueTask<PacingEvent> CallAsync(CancellationToken cancellationToken)
    {
        Attempts++;
        var begun = _services.Time.GetTimestamp();
        _failure?.Dispose();
        _failure = null;
        try
        {
            using var trace = CallTrace.Attempt(_attempt!, Attempts);
            _failure = trace.Ended(await _runner.RunAsync(_attempt!, _answer, cancellationToken), _attempt!.Usage);
        }
        finally
        {
            HoldsBody |= _attempt!.HoldsBody;
        }

        if (_failure is not null && _services.Configuration.Record is not null)
        {
            (_failures ??= []).Add(new(_failure.Kind, _failure.RetryAfter, _services.Time.GetElapsedTime(begun)));
        }

        if (_terms is not null && _answer is BufferedAnswer { IsAborted: true })
        {
            // The answer was buffered, so nobody has seen a part of it: it is tried again, as after any failure that may pass.
            _answer = new BufferedAnswer(_services.Options.MaxReadAnswerBytes);
            return new PacingEvent.Responded(Now, OutcomeKind.TransientFailure, Retryable: true);
        }

        if (_failure is not null && _call.Passed?.Upload is { IsSpent: true })
        {
            // The upload was streamed to the provider and not kept: it can't be sent again.
            return new PacingEvent.Responded(Now, OutcomeKind.Rejected, Retryable: false);
        }

        return _failure is null
            ? new PacingEvent.Responded(Now, OutcomeKind.Success, BytesDelivered: true)
            : new PacingEvent.Responded(Now, _failure.Kind, _failure.Retryable, _failure.RetryAfter) { OnlyThere = _failure.OnlyThere };
    }

    private ValueTask DeliverAsync(CancellationToken cancellationToken)
    {
        if (_failure is not null)
        {
            return _failure.PassOnAsync(_services, _answer, isSpent: Attempts > 1, ReopensIn(_failure), cancellationToken);
        }

        // The failure was an earlier leg's, whose response is gone, or the answer broke off.
        return _answer.HasStarted ? ValueTask.CompletedTask : ErrorAnswer.WriteAsync(_answer, _call.Dialect, EarlierFailure, cancellationToken);
    }

    /// <summary>
    /// The wait that later calls will be told, now that a limit of which the provider names no end has closed its scope; null where it is not
    /// known, or another deployment of the route has room.
    /// </summary>
    private TimeSpan? ReopensIn(FailedAttempt failure) =>
        failure is { RetryAfter: null, Kind: OutcomeKind.QuotaExhausted or OutcomeKind.RateLimited } && _asked is not null
            && _services.Limiter.Foresee(_asked with { Excluded = _ways.Closed }) is { IsKnown: true } at && at - Now is { Ticks: > 0 } wait ? wait : null;

    private ValueTask RefuseAsync(Refusal refusal, CancellationToken cancellationToken)
    {
        _refusedFor = refusal.Reason;
        var error = _ways.Explain(RefusalError.Of(refusal, _plan.Route.Name, Now));
        _services.Headers.Refused(_answer, _admission, _waited, error, _call.Dialect, _services.Time.GetUtcNow());
        return ErrorAnswer.WriteAsync(_answer, _call.Dialect, error, cancellationToken);
    }

    private UsageRecord Record(bool isEnd)
    {
        var spent = _spent.With(_attempt);
        var record = new UsageRecord(
            _services.Time.GetUtcNow(),
            _call.Caller,
            _plan.Route.Name,
            _call.Facts.Operation,
            Deployment,
            _answer.HasStarted ? _answer.Status : ClientClosedRequest,
            spent.Usage,
            spent.Cost?.TotalUsd,
            _waited,
            _services.Time.GetElapsedTime(_startedAt),
            Attempts)
        {
            InputCostUsd = spent.Cost?.InputUsd,
            RefusedFor = _refusedFor,
            Tier = _attempt?.Deployment.Tier,
            Shape = _services.Configuration.Record is null ? null : Shape(),
        };

        // A stream has its status before it fails.
        return (_failure is not null || _attempt is { IsBroken: true }) && record.Outcome == UsageOutcome.Answered
                ? record with { Outcome = UsageOutcome.Failed }
            : isEnd || record.Outcome == UsageOutcome.Answered ? record
            : record with { Outcome = Attempts > 0 ? UsageOutcome.Unfinished : UsageOutcome.Postponed };
    }

    private CallShape Shape() => new(_call.Facts, _plan.Estimate(0))
    {
        MaxWait = _call.MaxWait,
        Identity = CallIdentity.Of(_call),
        IsIdentified = _call.IdempotencyKey is not null,
        IsBack = CallIdentity.IsBack(_call),
        Diversion = _ways.Diversion,
        NotAt = _ways.NotAt,
        Failures = _failures ?? [],
        IsCostTold = _attempt is { IsCostTold: true },
    };
}

/// <summary>
/// What tells a call that is tried again from others of its tenant, so that the place kept for it after a refusal is its own: its
/// idempotency key, else what it sends. Means something in this process only.
/// </summary>
internal static class CallIdentity
{
    // Calls of one fleet begin alike (instructions, tools) and differ in what was said last.
    private const int MostOfBeginning = 512;
    private const int MostOfEnd = 2048;
    private const string RetryCount = "x-stainless-retry-count";

    /// <summary>
    /// Whether the caller says that it tries again; null where it doesn't say. The official OpenAI and Anthropic clients count their retries
    /// (https://github.com/openai/openai-python, <c>_base_client.py</c>, 2026-11-28).
    /// </summary>
    public static bool? IsBack(CallEnvelope call)
    {
        foreach (var (name, value) in call.Headers)
        {
            if (name.Equals(RetryCount, StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(value, out var count) ? count > 0 : null;
            }
        }

        return null;
    }

    /// <summary>Never 0.</summary>
    public static long Of(CallEnvelope call)
    {
        var hash = default(HashCode);
        hash.Add(call.Caller.User, StringComparer.Ordinal);
        if (call.IdempotencyKey is { } key)
        {
            hash.Add(key, StringComparer.Ordinal);
        }
        else
        {
            var body = call.Body.Span;
            hash.Add(body.Length);
            hash.AddBytes(body[..Math.Min(body.Length, MostOfBeginning)]);
            hash.AddBytes(body[Math.Max(0, body.Length - MostOfEnd)..]);
        }

        return 1 + (long)(uint)hash.ToHashCode();
    }
}
