using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <content>Who may go before those that were told a time.</content>
public sealed partial class Limiter
{
    // How much later than its time a booked call may go because another of its tenant's goes before it.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(0.5);

    // Room is held so long before a booking's time at most.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    // What is told for later than this is not yet in anybody's way.
    private static readonly TimeSpan Foresight = TimeSpan.FromMinutes(1.5);

    // A call goes before those of its tenant that were told a time only where they still go then.
    private bool MayGo(Call call, Instant now)
    {
        if (bookings.Count == 0 || call.BookedAt.IsKnown)
        {
            return true;
        }

        var owner = call.Owner!;
        for (var priority = 0; priority <= (int)call.Priority; priority++)
        {
            foreach (var line in new[]
            {
                bookings.Find(call.Lane!, priority, owner)?.Ahead, bookings.OfTenant(owner, priority), bookings.OfRoute(call.OwnerRoute, priority),
                bookings.OfUser(owner, call.User, priority),
            })
            {
                while (line?.First is { Line.IsIdle: false } booked && booked.At - now < Foresight && IsInTheWay(call, booked, Beside(line, call, booked), now))
                {
                    if (booked.At - now > Soon || !TryHold(booked, now) || !IsFree(call, now))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private static bool IsFree(Call call, Instant now) =>
        CallRoom.IsFreeOfItsOwn(call, now) && call.Lane!.Places[call.Place].FitsAt(call.ChargeAt(call.Place), call.Certain(call.Place), now) <= now;

    // What others come to who were told the same time: where room comes all at once, it is needed for all of them together.
    private static QueueAhead Beside(BookingLine line, Call call, Booking booked)
    {
        var beside = new QueueAhead(0, 0, 0, booked.Place.Lane!.Places[0].Runs);
        if (GivesAtOnce(call))
        {
            var others = line.Until(booked.At + Leeway);
            others.Remove(booked.Place.Cost, booked.Place.Load);
            beside = others.For(beside.Runs);
        }

        return beside;
    }

    // True where one of a call's limits gives its room all at once, as a window does, and not bit by bit.
    private static bool GivesAtOnce(Call call) =>
        call.Owner!.Budget.GivesAtOnce || call.OwnerRoute?.Budget.GivesAtOnce == true || call.OwnerUser?.Budget.GivesAtOnce == true || call.Lane!.Places[call.Place].GivesAtOnce;

    // Whether a booked call would go later than it was told because of another one. Where both draw on nothing together, it would not.
    private static bool IsInTheWay(Call call, Booking booked, QueueAhead beside, Instant now)
    {
        var place = booked.Place;
        var (latest, lane) = (Instant.Max(booked.At, now) + Leeway, place.Lane!);
        var (owner, target) = (place.Owner!.Budget, call.Lane!.Places[call.Place]);
        var consumed = LoadAhead.Of(place.Consumer) * beside.Calls;
        var (ofTenant, ofUser) = (beside with { Work = beside.Calls * place.TenantCost, Load = consumed }, beside with { Work = beside.Calls * place.UserCost, Load = consumed });
        var ofRoute = beside with { Work = beside.Calls * place.RouteCost, Load = consumed };
        return OfBudget(owner, After(ofTenant, owner.Cost(call.Consumer), call.Consumer)) is var turn && turn > latest && turn > OfBudget(owner, ofTenant)
            || call.OwnerRoute is { Budget: var route } && place.OwnerRoute == call.OwnerRoute
                && OfBudget(route, After(ofRoute, route.Cost(call.Consumer), call.Consumer)) is var routes && routes > latest && routes > OfBudget(route, ofRoute)
            || call.OwnerUser is { } user && place.User == call.User
                && OfUser(user, After(ofUser, user.Cost(call.Consumer), call.Consumer)) is var its && its > latest && its > OfUser(user, ofUser)
            || First(After(beside, target.Cost(call.Provider[call.Place]), call.ChargeAt(call.Place))) is var first && first > latest && first > First(beside);

        static QueueAhead After(in QueueAhead others, double work, in Charge load) =>
            others with { Work = others.Work + work, Calls = others.Calls + 1, Load = others.Load + LoadAhead.Of(load) };

        Instant OfBudget(Budget own, in QueueAhead ahead) => own.Foresee(place.Consumer, place.ConsumerCertain, ahead, now);

        Instant OfUser(User user, in QueueAhead ahead) => user.Foresee(place.Consumer, place.ConsumerCertain, ahead, now);

        Instant First(in QueueAhead ahead)
        {
            var first = Instant.Never;
            for (var i = 0; i < lane.Places.Length; i++)
            {
                first = (place.Excluded >> i & 1) != 0 ? first : Instant.Min(
                    first, lane.Places[i].Foresee(place.ChargeAt(i), place.Certain(i), lane.Places[i].IsRival(target) ? ahead : default, now));
            }

            return first;
        }
    }

    private bool TryHold(Booking booked, Instant now)
    {
        var (place, lane) = (booked.Place, booked.Place.Lane!);
        place.OwnerUser = place.Owner!.Find(place.User, now);
        if (!CallRoom.IsFreeOfItsOwn(place, now) || lane.Pool.FindPlace(lane, place, now, out _, out _) is not (>= 0 and var free))
        {
            return false;
        }

        place.Place = free;
        place.BookedAt = booked.At;
        return Hold(place, booked, now);
    }
}
