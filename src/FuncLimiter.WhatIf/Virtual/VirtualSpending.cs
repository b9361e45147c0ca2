using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>Spending budgets in virtual time, as the gateway keeps them: a call is held for before it asks the limiter, and settled once it is over.</summary>
/// <param name="events">Where waits end.</param>
/// <param name="goOn">Hands a call in whose wait for money is over.</param>
internal sealed class VirtualSpending(IReadOnlyList<SpendCap> caps, EventQueue events, Action<VirtualCall, Instant> goOn)
{
    private readonly SpendBook _book = new(caps);
    private readonly List<VirtualCall> _waiting = [];
    private bool _isLooking;

    /// <summary>Holds the most that a call can come to in the budgets of its caller. It may wait for what others hold; nobody raises a budget.</summary>
    /// <returns>Why it may not go on; null where it may, or waits.</returns>
    public Refusal? Hold(VirtualCall call, Instant now)
    {
        if (_book.Caps.Count == 0)
        {
            return null;
        }

        var decision = Reserve(call, now);
        call.Spending = decision.Hold;
        if (decision.Hold is null && decision.MayFit && call.Deadline > now)
        {
            call.MoneyAskedAt = now;
            _waiting.Add(call);
            events.Add(call.Deadline, new VirtualEvent(VirtualEventKind.Spent, 0, call));
            return null;
        }

        return decision.Hold is null ? RefusalOf(decision) : null;
    }

    /// <summary>Deployments, as bits, whose account or model can't bear a call.</summary>
    public ulong Closed(VirtualCall call, Instant now)
    {
        var closed = 0UL;
        for (var place = 0; place < (_book.Bounds(SpendSubject.Account, SpendSubject.Model) ? call.Plan.Route.Deployments.Count : 0); place++)
        {
            if (ReservePlace(call, place, now) is { Hold: { } hold })
            {
                SpendBook.Settle(hold, SpendAmount.None, now);
            }
            else
            {
                closed |= 1UL << place;
            }
        }

        return closed;
    }

    /// <summary>Holds it in the budgets of the account and the model that it goes to; false where another took what was left.</summary>
    public bool HoldPlace(VirtualCall call, Instant now)
    {
        call.PlaceSpending = _book.Caps.Count == 0 ? null : ReservePlace(call, call.Admission.Place, now).Hold;
        return _book.Caps.Count == 0 || call.PlaceSpending is not null;
    }

    /// <summary>A call is over, or was not let out: what it used takes the place of what it held.</summary>
    public void Settle(VirtualCall call, in SpendAmount used, Instant now)
    {
        foreach (var hold in (ReadOnlySpan<SpendHold?>)[call.Spending, call.PlaceSpending])
        {
            if (hold is not null)
            {
                SpendBook.Settle(hold, used, now);
            }
        }

        (call.Spending, call.PlaceSpending) = (null, null);
        Look(now);
    }

    /// <summary>A call waits for money no longer. False where it did not.</summary>
    public bool GiveUp(VirtualCall call, Instant now)
    {
        call.Waited += call.MoneyAskedAt is { } since ? now - since : TimeSpan.Zero;
        call.MoneyAskedAt = null;
        return _waiting.Remove(call);
    }

    /// <summary>The refusal of a call whose wait for money was too long.</summary>
    public Refusal TooLate(VirtualCall call, Instant now)
    {
        var decision = Reserve(call, now);
        if (decision.Hold is { } hold)
        {
            SpendBook.Settle(hold, SpendAmount.None, now);
        }

        return RefusalOf(decision);
    }

    // In the order in which they came.
    private void Look(Instant now)
    {
        if (_isLooking || _waiting.Count == 0)
        {
            return;
        }

        _isLooking = true;
        foreach (var call in _waiting.ToArray())
        {
            if (call.MoneyAskedAt is not null && Reserve(call, now).Hold is { } hold)
            {
                GiveUp(call, now);
                call.Spending = hold;
                goOn(call, now);
            }
        }

        _isLooking = false;
    }

    private SpendDecision Reserve(VirtualCall call, Instant now)
    {
        var caller = call.Group.Caller;
        return SpendBook.Reserve(_book.Find(new SpendParty(caller.Tenant, caller.User, caller.Workflow, call.Script?.Run ?? caller.Run), now), AmountOf(call), false, now);
    }

    private SpendDecision ReservePlace(VirtualCall call, int place, Instant now)
    {
        var deployment = call.Plan.Route.Deployments[place];
        return SpendBook.Reserve(_book.FindPlace(deployment.Account, deployment.Target.Model, now), AmountOf(call), false, now);
    }

    private static SpendAmount AmountOf(VirtualCall call) => SpendAmount.Of(call.Plan.ConsumerAtMost) with { Calls = 1 };

    private static Refusal RefusalOf(SpendDecision decision) => new(RefusalReason.Spent, decision.Binds?.Name ?? string.Empty, decision.Binds?.EndsAt ?? Instant.Never);
}
