using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <content>The queue, and the places that are kept for those whom it has no room for.</content>
public sealed partial class Limiter
{
    // A fleet comes within such a time: who of it is told when to come back is told once the others of it are known.
    private static readonly TimeSpan Crowding = TimeSpan.FromSeconds(0.25);

    // How much longer than its caller allows a call may wait for what is ours to provide: a checkpoint that is being written, a first lease.
    private static readonly TimeSpan OwnDelay = TimeSpan.FromSeconds(2);

    private CallState Enqueue(Call call, Instant now)
    {
        var (pool, line) = (call.Lane!.Pool, bookings.LineOf(call));
        var turn = WaitForecast.OfLast(call, queue.Floor, bookings, line.Kept, 1, now);
        pool.Arrive(call, now);
        call.Owner!.Arrive(call.Priority, call.TenantCost, now);
        call.OwnerRoute?.Arrive(call.Priority, call.RouteCost, now);
        call.OwnerUser?.Arrive(call.Priority, call.UserCost, now);
        var given = line.OfEarly(call);
        line.See(call, now);
        if (Stand(call, now) != CallState.Waiting)
        {
            if (given is not null && call.State == CallState.Admitted)
            {
                End(given, call, now);
            }

            return call.State;
        }

        var isFull = waiting > queue.MaxWaiting;
        if (!isFull && turn.At > call.Deadline && given is null && now + Crowding < Instant.Max(call.Deadline, now + call.RefusedWithin) && HangsOnOthers(call, now))
        {
            pool.Crowd.Add(call);
            deadlines.Set(call, now + Crowding);
            return CallState.Waiting;
        }

        // Where nobody else waits, what is booked for later is not in its way: what it lacks may be ours to provide.
        var isUnready = pool.Waiting == 1 && CallRoom.IsOnlyUnready(call, now);
        if (isFull || (turn.At > call.Deadline && !isUnready))
        {
            // What it had laid claim to is there for those behind it.
            Withdraw(call);
            var counted = Counted(line);
            if (given is not null)
            {
                // It comes too early, and is told the same again, unless its turn will come sooner now, or can't come then any more.
                End(given, call, now);
                var last = WaitForecast.OfLast(call, queue.Floor, bookings, counted, OthersToCome, now);
                var first = WaitForecast.OfOnly(call, queue.Floor, bookings, now);
                (turn, given) = last.At < given.At ? (last, null) : first.At > given.At ? (first, null) : (last with { At = given.At }, given);
            }
            else
            {
                turn = AfterBooked(call, TurnBehindAll(call, counted, OthersToCome, now), counted, bookings.IsBehind(call), now);
            }

            TurnAway(call, isFull, turn, now, given);
            pool.Dispatch(now);
            return call.State;
        }

        deadlines.Set(call, call.Deadline);
        return CallState.Waiting;
    }

    private void CountWaiting(Call call, int sign)
    {
        if (call.Booking is null)
        {
            waiting += sign;
            bookings.Wait(call, sign);
        }

        if (Leases is not null)
        {
            LeaseDesk.Wait(call, sign);
        }
    }

    // Those who came together are told one after another, as they would be served.
    private void DecideCrowd(Pool pool, Instant now)
    {
        var crowd = pool.Crowd.Take();
        crowd.ForEach(Withdraw);
        var order = new ServiceOrder(queue.Floor);
        var behind = crowd.Where(bookings.IsBehind).ToHashSet();
        foreach (var call in crowd)
        {
            call.IsUndecided = false;
            order.Add(call, (call.Lane!.Find(call.Owner!, (int)call.Priority)?.Waiting.Cost ?? 0) + bookings.LineOf(call).Ahead.Ahead.Cost);
        }

        while (order.TryTakeNext(out var call))
        {
            var line = bookings.LineOf(call);
            if (WaitForecast.OfLast(call, queue.Floor, bookings, line.Kept, 1, now).At > Instant.Max(call.Deadline, now))
            {
                TurnAway(call, isFull: false, AfterBooked(call, TurnBehindAll(call, Counted(line), 1, now), Counted(line), behind.Contains(call), now), now);
                released.Enqueue(call);
            }
            else if (Stand(call, now) == CallState.Waiting)
            {
                deadlines.Set(call, call.Deadline);
            }
            else
            {
                released.Enqueue(call);
            }
        }
    }

    // In a crowd one's turn comes later the more others come of whom nothing is known yet: of higher classes, of other tenants.
    private bool HangsOnOthers(Call call, Instant now) =>
        (call.Priority != Priority.Interactive || tenants.Count > 1)
        && call.Lane!.Pool.IsCrowded(now - Crowding);

    // A refused caller is back.
    private CallState ComeBack(Call call, Booking booking, Instant now)
    {
        var (lane, isHeld) = (call.Lane!, booking.State == BookingState.Held);
        End(booking, call, now);
        (call.BookedAt, call.BookedSince) = (booking.At, booking.Place.BookedSince);
        if ((isHeld && IsAdmitted(call, now)) || (booking.Told <= now && TakesOver(call, now)))
        {
            return call.State;
        }

        if (Stand(call, now) != CallState.Waiting)
        {
            return call.State;
        }

        var turn = WaitForecast.OfFirst(call, queue.Floor, bookings, now);
        if (turn.At > call.Deadline + (3 * (call.Deadline - now)))
        {
            // It is not sent away for a little.
            Withdraw(call);
            TurnAway(call, isFull: false, turn, now);
            lane.Pool.Dispatch(now);
            return call.State;
        }

        deadlines.Set(call, call.Deadline);
        return CallState.Waiting;
    }

    private bool IsAdmitted(Call call, Instant now)
    {
        var lane = call.Lane!;
        lane.Pool.BeginPass();
        if (!CallRoom.IsFreeOfItsOwn(call, now) || lane.Pool.FindPlace(lane, call, now, out _, out _) is not (>= 0 and var free))
        {
            return false;
        }

        call.Place = free;
        Admit(call, now);
        return true;
    }

    // Who comes in its time takes the room held for another of its class who is not here yet: a bucket refills before that one needs it.
    private bool TakesOver(Call call, Instant now)
    {
        if (bookings.Of(call.Lane!, (int)call.Priority)?.LastHeld is not { } other || GivesAtOnce(other.Place))
        {
            return false;
        }

        Release(other, now);
        var isAdmitted = IsAdmitted(call, now);
        StandIn(other, now);
        return isAdmitted;
    }

    private CallState Stand(Call call, Instant now)
    {
        var pool = call.Lane!.Pool;
        pool.Enqueue(call.Lane, call);
        CountWaiting(call, 1);
        submitting = call;
        pool.Dispatch(now);
        submitting = null;
        return call.State;
    }

    private void TurnAway(Call call, bool isFull, ForecastTurn turn, Instant now, Booking? before = null)
    {
        // What a call lacks at this moment may be a checkpoint, or room that is back soon: it is told of what its time hangs on.
        var budget = turn is { At.IsKnown: true, By: { } last } ? last : CallRoom.Binding(call, now);
        var at = bookings.Book(call, turn.At, now, before);
        Refuse(call, new(isFull ? RefusalReason.QueueFull : RefusalReason.WouldWaitTooLong, budget.Name, at)
        {
            Dimension = CallRoom.BindingOf(call, budget, now),
            IsClosed = budget.IsClosed(now),
            ClosedBy = budget.CooldownUntil > now ? budget.ClosedBy : null,
        });
    }

    private bool RefuseOverdue(Instant now)
    {
        var isAny = false;
        while (deadlines.TryTakeDue(now, out var late))
        {
            if (late.IsUndecided)
            {
                DecideCrowd(late.Lane!.Pool, now);
                isAny = true;
                continue;
            }

            if (now < late.Deadline + OwnDelay && CallRoom.IsOnlyUnready(late, now))
            {
                delayed.Add(late);
                deadlines.Set(late, late.Deadline + OwnDelay);
                continue;
            }

            var turn = WaitForecast.OfFirst(late, queue.Floor, bookings, now);
            Withdraw(late);
            TurnAway(late, isFull: false, turn, now);
            released.Enqueue(late);
            isAny = true;
        }

        return isAny;
    }

    // What they waited for may be there: who has no room now is refused.
    private void LookAtDelayed(Instant now)
    {
        foreach (var call in delayed)
        {
            if (call.State == CallState.Waiting)
            {
                deadlines.Set(call, now);
            }
        }

        delayed.Clear();
    }

    // Those whose turn comes stand in the queue; the places of those who did not come in time are free again.
    private void PassBookings(Instant now)
    {
        while (bookings.TryTakeDue(now, out var due))
        {
            StandIn(due, now);
        }

        while (bookings.TryTakeEnded(now, out var ended))
        {
            End(ended, null, now);
            ended.Place.Lane!.Pool.Dispatch(now);
        }
    }

    private void StandIn(Booking booking, Instant now)
    {
        var place = booking.Place;
        place.OwnerUser = place.Owner!.Find(place.User, now);
        place.BookedAt = booking.At;
        bookings.Advance(booking, BookingState.Queued);
        place.Lane!.Pool.Enqueue(place.Lane, place);
        CountWaiting(place, 1);
        place.Lane.Pool.Dispatch(now);
    }

    private void End(Booking booking, Call? by, Instant now)
    {
        var state = booking.State;
        bookings.End(booking, by);
        if (state == BookingState.Queued)
        {
            Withdraw(booking.Place);
        }
        else if (state == BookingState.Held)
        {
            Release(booking, now);
        }
    }

    // What the pool calls for what stands in a caller's stead.
    private bool Hold(Call place, Booking booking, Instant now)
    {
        if (place.Place < 0)
        {
            bookings.End(booking, null);
            return false;
        }

        bookings.Advance(booking, BookingState.Held);
        booking.HeldAt = now;
        var deployment = place.Lane!.Places[place.Place];
        booking.Held = deployment.Clip(place.ChargeAt(place.Place), place.Certain(place.Place));
        deployment.Hold(booking.Held);
        place.Owner!.Budget.Hold(place.Consumer);
        place.OwnerRoute?.Budget.Hold(place.Consumer);
        place.OwnerUser?.Hold(place.Consumer, now);
        place.Deployment = deployment;
        place.Cost = deployment.Cost(place.Provider[place.Place]);
        place.Lane.Pool.Count(place, now);
        return true;
    }

    private static void Release(Booking booking, Instant now)
    {
        var place = booking.Place;
        place.Deployment!.Release(booking.Held);
        place.Owner!.Budget.Release(place.Consumer);
        place.OwnerRoute?.Budget.Release(place.Consumer);
        place.OwnerUser?.Release(place.Consumer, booking.HeldAt, now);
        Pool.Correct(place, 0);
        place.Owner.Release(place.OwnerUser);
    }
}
