using System.Runtime.CompilerServices;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>
/// Lets a call ask a limiter only once its spending budgets hold the most that it can come to, and gives back what it did not use once it is
/// settled.
/// </summary>
internal sealed class SpendingLimiter(ILimiter limiter, SpendDesk desk, RouteTable routes, QueueConfiguration queue, TimeProvider time) : ILimiter
{
    private readonly ConditionalWeakTable<Reservation, Held> _held = [];

    /// <inheritdoc/>
    public ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        desk.HasCaps ? AdmitWithinAsync(request, cancellationToken) : limiter.AdmitAsync(request, cancellationToken);

    /// <inheritdoc/>
    public void Observe(Reservation reservation, Observation observation) => limiter.Observe(reservation, observation);

    /// <inheritdoc/>
    public void Settle(Reservation reservation, in Settlement settlement)
    {
        if (_held.TryGetValue(reservation, out var held))
        {
            _held.Remove(reservation);
            held.Settle(desk, SpendAmount.Of(settlement.Consumer));
        }

        limiter.Settle(reservation, settlement);
    }

    /// <inheritdoc/>
    public void Leave(Reservation reservation) => limiter.Leave(reservation);

    /// <inheritdoc/>
    public Instant Foresee(AdmissionRequest request) => limiter.Foresee(request);

    /// <inheritdoc/>
    public bool CoolDown(string scope, Instant until) => limiter.CoolDown(scope, until);

    /// <inheritdoc/>
    public LimiterReport Report() => limiter.Report();

    private async ValueTask<AdmissionResult> AdmitWithinAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var amount = SpendAmount.Of(request.ConsumerAtMost ?? request.Consumer) with { Calls = 1 };
        var party = new SpendParty(request.Tenant, request.User, request.Workflow, request.Run);
        var grant = await desk.ReserveAsync(party, amount, request.IsClosing, request.MaxWait ?? queue.MaxWait(request.Priority), cancellationToken);
        if (grant.Hold is not { } hold)
        {
            return Refused(grant.Refusal!, grant.Notice, time.GetElapsedTime(begun));
        }

        AdmissionResult? admitted = null;
        try
        {
            while (true)
            {
                var (refusal, excluded, change) = Close(request, amount);
                var waited = time.GetElapsedTime(begun);
                var left = request.MaxWait is { } most ? most > waited ? most - waited : TimeSpan.Zero : (TimeSpan?)null;
                if (change is not null && await change.WaitAsync(left ?? queue.MaxWait(request.Priority) - waited, time, cancellationToken))
                {
                    continue;
                }

                var result = await limiter.AdmitAsync(request with { Excluded = excluded, MaxWait = left }, cancellationToken);
                if (result.Refusal is { } no)
                {
                    return refusal is not null && no.Reason == RefusalReason.NoDeployment
                        ? Refused(refusal, grant.Notice, time.GetElapsedTime(begun))
                        : result with { Spending = grant.Notice };
                }

                if (HoldPlace(request.Route, result.Place, amount) is { Hold: { } place } at)
                {
                    Keep(result.Reservation!, new Held(hold, place), request.ExpiresAfter);
                    return admitted = result with { Spending = grant.Notice.With(at.Notice), Waited = time.GetElapsedTime(begun) };
                }

                // Another call took what was left of that place meanwhile.
                limiter.Settle(result.Reservation!, default);
            }
        }
        finally
        {
            if (admitted is null)
            {
                desk.Settle(hold, SpendAmount.None);
            }
        }
    }

    private static AdmissionResult Refused(Refusal refusal, SpendNotice notice, TimeSpan waited) => new() { Refusal = refusal, Spending = notice, Waited = waited };

    // Closes the places whose account or model can't bear the call. Where none is left, tells the refusal of one, and what may open one.
    private (Refusal? Refusal, ulong Excluded, SpendChange? Change) Close(AdmissionRequest request, in SpendAmount amount)
    {
        Refusal? refusal = null;
        SpendChange? change = null;
        var excluded = request.Excluded;
        if (!desk.BoundsPlaces || !routes.TryGet(request.Route, out var known))
        {
            return (null, excluded, null);
        }

        var isOpen = false;
        for (var place = 0; place < known.Deployments.Count; place++)
        {
            var deployment = known.Deployments[place];
            if ((excluded & (1UL << place)) != 0)
            {
                continue;
            }

            if (desk.Foresee(deployment.Account, deployment.Target.Model, amount, out var mayOpen) is { } no)
            {
                excluded |= 1UL << place;
                refusal ??= no;
                change ??= mayOpen;
            }
            else
            {
                isOpen = true;
            }
        }

        return (refusal, excluded, isOpen ? null : change);
    }

    private SpendGrant? HoldPlace(string route, int place, in SpendAmount amount) =>
        routes.TryGet(route, out var known) && known.Deployments[place] is { } deployment
            ? desk.ReservePlace(deployment.Account, deployment.Target.Model, amount)
            : null;

    // A reservation that nobody settles in time counts as spent.
    private void Keep(Reservation reservation, Held held, TimeSpan? expiresAfter)
    {
        _held.AddOrUpdate(reservation, held);
        if (expiresAfter is { } ttl)
        {
            held.Expiry = time.CreateTimer(_ => held.Settle(desk, held.Amount), null, ttl, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Held(SpendHold own, SpendHold place)
    {
        public SpendAmount Amount => own.Amount;

        public ITimer? Expiry { get; set; }

        public void Settle(SpendDesk desk, in SpendAmount used)
        {
            desk.Settle(own, used);
            desk.Settle(place, used);
            Expiry?.Dispose();
        }
    }
}
