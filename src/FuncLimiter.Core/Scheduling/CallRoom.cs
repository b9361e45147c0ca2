using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Where a prepared call has room, and which budget is in its way.</summary>
internal static class CallRoom
{
    /// <summary>True where the budgets of the tenant and the user have room now.</summary>
    public static bool IsFreeOfItsOwn(Call call, Instant now) =>
        call.Owner!.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now) <= now
        && (call.OwnerRoute is not { } route || route.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now) <= now)
        && (call.OwnerUser is not { } user || user.FitsAt(call.Consumer, call.ConsumerCertain, now) <= now);

    /// <summary>True where a call lacks only what is ours to provide: its budgets have room, and a checkpoint or a lease is on its way.</summary>
    public static bool IsOnlyUnready(Call call, Instant now)
    {
        var isUnready = false;
        if (!call.Owner!.Budget.IsOnlyUnready(call.Consumer, call.ConsumerCertain, now, ref isUnready)
            || call.OwnerRoute is { } route && !route.Budget.IsOnlyUnready(call.Consumer, call.ConsumerCertain, now, ref isUnready)
            || call.OwnerUser is { } user && !user.Budget.IsOnlyUnready(call.Consumer, call.ConsumerCertain, now, ref isUnready))
        {
            return false;
        }

        for (var i = 0; i < call.Provider.Length; i++)
        {
            var (place, isPlaceUnready) = (call.Lane!.Places[i], isUnready);
            if ((call.Excluded >> i & 1) == 0
                && place.IsOnlyUnready(call.ChargeAt(i), call.Certain(i), now, ref isPlaceUnready)
                && isPlaceUnready)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Why no wait would help; null where one may.</summary>
    public static Refusal? NeverFits(Call call, Instant now)
    {
        foreach (var own in (ReadOnlySpan<Budget?>)[call.Owner!.Budget, call.OwnerRoute?.Budget])
        {
            if (own?.FitsAt(call.Consumer, call.ConsumerCertain, now) == Instant.Never)
            {
                return new(RefusalReason.TooLarge, own.Name, Instant.Never) { Dimension = own.Tightest(call.Consumer, call.ConsumerCertain, now) };
            }
        }

        if (call.OwnerUser is { } user && user.FitsAt(call.Consumer, call.ConsumerCertain, now) == Instant.Never)
        {
            return new(RefusalReason.TooLarge, user.Budget.Name, Instant.Never) { Dimension = user.Budget.Tightest(call.Consumer, call.ConsumerCertain, now) };
        }

        Budget? tooSmall = null;
        var lane = call.Lane!;
        for (var i = 0; i < lane.Places.Length; i++)
        {
            if ((call.Excluded >> i & 1) != 0)
            {
                continue;
            }

            if (lane.Places[i].FitsAt(call.ChargeAt(i), call.Certain(i), now) != Instant.Never)
            {
                return null;
            }

            tooSmall ??= lane.Places[i].LastToFit(call.ChargeAt(i), call.Certain(i), now);
        }

        return tooSmall is null
            ? new(RefusalReason.NoDeployment, $"route:{lane.Route}", Instant.Never)
            : new(RefusalReason.TooLarge, tooSmall.Name, Instant.Never);
    }

    /// <summary>What the limit counts that a call waits for in one of its budgets; null where that budget has room, or is closed.</summary>
    public static Dimension? BindingOf(Call call, Budget budget, Instant now)
    {
        if (call.IsOwn(budget))
        {
            return budget.Tightest(call.Consumer, call.ConsumerCertain, now);
        }

        for (var i = 0; i < call.Lane!.Places.Length; i++)
        {
            if ((call.Excluded >> i & 1) == 0 && call.Lane.Places[i].Scopes.Contains(budget))
            {
                return budget.Tightest(call.ChargeAt(i), call.Certain(i), now);
            }
        }

        return null;
    }

    /// <summary>The budget that a call waits for: its own first, then the tighter one of the place that has room for it first.</summary>
    public static Budget Binding(Call call, Instant now)
    {
        if (call.Owner!.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now) > now)
        {
            return call.Owner.Budget;
        }

        if (call.OwnerRoute is { } route && route.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now) > now)
        {
            return route.Budget;
        }

        if (call.OwnerUser is { } user && user.FitsAt(call.Consumer, call.ConsumerCertain, now) > now)
        {
            return user.Budget;
        }

        var (best, first) = (0, Instant.Never);
        for (var i = 0; i < call.Provider.Length; i++)
        {
            if ((call.Excluded >> i & 1) == 0 && call.Lane!.Places[i].FitsAt(call.ChargeAt(i), call.Certain(i), now) is var fits && fits < first)
            {
                (best, first) = (i, fits);
            }
        }

        return call.Lane!.Places[best].LastToFit(call.ChargeAt(best), call.Certain(best), now);
    }
}
