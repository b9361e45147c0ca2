using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Operations.Preflight;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Gateway.Operations.Telemetry;
using FuncLimiter.Gateway.Operations.Usage;

namespace FuncLimiter.Gateway.Operations;

/// <summary>Tells operators what a limiter decides, and decides nothing itself.</summary>
internal sealed class ObservedLimiter(
    ILimiter limiter, CallFeed feed, GatewayMetrics metrics, TenantTallies tenants, ConsumerLedger ledger, RouteTargets routes) : ILimiter
{
    /// <inheritdoc/>
    public ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        request = ledger.Ask(request);
        var admission = limiter.AdmitAsync(request, cancellationToken);
        if (admission.IsCompletedSuccessfully)
        {
            var result = admission.Result;
            Tell(request, result);
            return new(result);
        }

        return admission.IsCompleted ? admission : WaitAsync(request, admission);
    }

    /// <inheritdoc/>
    public void Observe(Reservation reservation, Observation observation)
    {
        limiter.Observe(reservation, observation);
        if (observation.Kind != OutcomeKind.Success && reservation.Deployment is { } deployment)
        {
            metrics.Failed(deployment, observation.Kind);
        }
    }

    /// <inheritdoc/>
    public void Settle(Reservation reservation, in Settlement settlement)
    {
        var isFirst = !reservation.IsSettled;
        var held = reservation.Provider;
        limiter.Settle(reservation, settlement);
        if (isFirst && reservation.Deployment is { } deployment)
        {
            metrics.Settled(deployment, held, settlement.Provider);
        }
    }

    /// <inheritdoc/>
    public void Leave(Reservation reservation) => limiter.Leave(reservation);

    /// <inheritdoc/>
    public Instant Foresee(AdmissionRequest request) => limiter.Foresee(request);

    /// <inheritdoc/>
    public bool CoolDown(string scope, Instant until) => limiter.CoolDown(scope, until);

    /// <inheritdoc/>
    public LimiterReport Report() => limiter.Report();

    private async ValueTask<AdmissionResult> WaitAsync(AdmissionRequest request, ValueTask<AdmissionResult> admission)
    {
        metrics.Verdict(CallEventKind.Waiting, request.Tenant, request.Priority, null);
        if (feed.Count(CallEventKind.Waiting, out var now))
        {
            feed.Keep(new(CallEventKind.Waiting, request.Tenant, request.User, request.Priority, request.Route) { At = now });
        }

        var result = await admission;
        Tell(request, result);
        return result;
    }

    private void Tell(AdmissionRequest request, AdmissionResult result)
    {
        var kind = result.Refusal is not null ? CallEventKind.Refused
            : routes.IsFallback(request.Route, result.Place) ? CallEventKind.Diverted
            : CallEventKind.Admitted;
        metrics.Verdict(kind, request.Tenant, request.Priority, result.Refusal is { } refused ? RefusalText.Label(refused.Reason) : null);
        metrics.Waited(request.Priority, result.Waited);
        if (kind == CallEventKind.Refused)
        {
            tenants.Of(request.Tenant).Refuse();
        }
        else
        {
            tenants.Of(request.Tenant).Admit(request.Consumer.Tokens);
            if (routes.Deployment(request.Route, result.Place) is { } deployment)
            {
                ledger.Take(request, deployment);
            }
        }

        if (feed.Count(kind, out var now))
        {
            feed.Keep(new(kind, request.Tenant, request.User, request.Priority, request.Route)
            {
                At = now,
                Deployment = routes.Deployment(request.Route, result.Place),
                Waited = result.Waited,
                Reason = result.Refusal is { } refusal ? RefusalText.Of(refusal) : null,
            });
        }
    }
}

/// <summary>Why calls are refused, in words for operators and for labels of metrics.</summary>
internal static class RefusalText
{
    /// <summary>A word for a label.</summary>
    public static string Label(RefusalReason reason) => reason switch
    {
        RefusalReason.TooLarge => "too_large",
        RefusalReason.QueueFull => "queue_full",
        RefusalReason.WouldWaitTooLong => "would_wait_too_long",
        RefusalReason.NoDeployment => "no_deployment",
        RefusalReason.NotKept => "not_kept",
        RefusalReason.Spent => "spent",
        _ => "other",
    };

    /// <summary>A sentence for people.</summary>
    public static string Of(Refusal refusal) => refusal.Reason switch
    {
        RefusalReason.TooLarge => $"larger than all of {refusal.Budget}",
        RefusalReason.QueueFull => "the queue is full",
        RefusalReason.WouldWaitTooLong => $"would wait too long for {refusal.Budget}",
        RefusalReason.NoDeployment => "no deployment may serve it",
        RefusalReason.Spent => $"{refusal.Budget} is spent",
        RefusalReason.NotKept => "what calls take can't be stored",
        _ => $"refused by {refusal.Budget}",
    };
}

/// <summary>Tells operators what calls used, on the way to where it is kept.</summary>
internal sealed class ObservedUsage(
    IUsageSink sink, CallFeed feed, GatewayMetrics metrics, TenantTallies tenants, AnswerPace pace, CallRecorder? recorder = null) : IUsageSink
{
    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        sink.Record(record);
        recorder?.Record(record);
        pace.Record(record);
        metrics.Ended(record);
        if (record.CostUsd is { } cost)
        {
            tenants.Of(record.Caller.Tenant).Pay(cost);
        }
        else if (UsageTotals.IsUnpriced(record))
        {
            tenants.Of(record.Caller.Tenant).GoUnpriced();
        }

        if (feed.Count(CallEventKind.Settled, out var now))
        {
            var caller = record.Caller;
            feed.Keep(new(CallEventKind.Settled, caller.Tenant, caller.User, caller.Priority, record.Route)
            {
                At = now,
                Deployment = record.Deployment,
                Waited = record.Waited,
                Reason = record.Status < 400 ? null : $"answered {record.Status}",
                Tokens = record.Usage?.TotalTokens,
            });
        }
    }
}
