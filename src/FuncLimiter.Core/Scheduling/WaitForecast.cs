using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>How long calls run.</summary>
/// <param name="Usual">On average.</param>
/// <param name="Longest">Seldom longer.</param>
internal readonly record struct RunTime(TimeSpan Usual, TimeSpan Longest)
{
    /// <summary>How long so many take together, each beginning as another ends: the more they are, the less one that runs long matters.</summary>
    public TimeSpan Together(double calls) => Usual + ((Longest - Usual) / Math.Sqrt(calls));
}

/// <summary>When a call's turn comes, and which budget has no room for it before.</summary>
/// <param name="At">When.</param>
/// <param name="By">The budget that will have room for it last; null where all have room now.</param>
internal readonly record struct ForecastTurn(Instant At, Budget? By);

/// <summary>
/// When a call's turn comes: what waits and what is booked ahead of it, put to the budgets, which know when so much will have gone.
/// </summary>
internal static class WaitForecast
{
    private const double LeastShare = 0.01;
    private const double LeastCost = 1e-5;
    private const double MostBreadth = 1000;
    private const int MostRounds = 5;
    private const int TurnSteps = 10;
    private const int PartSteps = 7;

    /// <summary>When a call will go out that comes last of its tenant's.</summary>
    /// <param name="call">The call, its owner and its costs set; not in the queue.</param>
    /// <param name="floors">The floors of the classes.</param>
    /// <param name="bookings">What refused callers were told.</param>
    /// <param name="kept">The part of what is booked that counts, 0 to 1.</param>
    /// <param name="othersToCome">How much more will come of other tenants of the class than waits and is booked, as a factor.</param>
    /// <param name="now">Now.</param>
    /// <param name="ahead">How many like it go before it that are not in the queue yet.</param>
    public static ForecastTurn OfLast(Call call, IReadOnlyList<double> floors, Bookings bookings, double kept, double othersToCome, Instant now, int ahead = 0)
    {
        var (lane, priority, owner) = (call.Lane!, (int)call.Priority, call.Owner!);
        var runs = lane.Places[0].Runs;
        QueueAhead own = new(call.Cost * ahead, ahead, 0, runs) { Load = LoadAhead.Of(call.Load) * ahead }, same = own, higher = new(0, 0, 0, runs);
        var consumed = LoadAhead.Of(call.Consumer) * ahead;
        var ofTenant = new ClassQueues(own with { Work = call.TenantCost * ahead, Load = consumed }, higher);
        var ofRoute = new ClassQueues(own with { Work = call.RouteCost * ahead, Load = consumed }, higher);
        var ofUser = new ClassQueues(own with { Work = call.UserCost * ahead, Load = consumed }, higher);
        foreach (var rival in lane.Rivals)
        {
            for (var i = 0; i <= priority; i++)
            {
                var before = rival.Waiting(i).For(runs) + Booked(bookings.Of(rival, i));
                (same, higher) = i == priority ? (same + before, higher) : (same, higher + before);
            }

            own += (rival.Find(owner, priority)?.Waiting.For(runs) ?? default) + Booked(bookings.Find(rival, priority, owner)?.Ahead);
        }

        for (var i = 0; i <= priority; i++)
        {
            ofTenant = ofTenant.With(owner.Waiting[i].For(runs) + Booked(bookings.OfTenant(owner, i)), i < priority);
            ofRoute = call.OwnerRoute is { } route ? ofRoute.With(route.Waiting[i].For(runs) + Booked(bookings.OfRoute(route, i)), i < priority) : ofRoute;
            ofUser = call.OwnerUser is { } user ? ofUser.With(user.Waiting[i].For(runs) + Booked(bookings.OfUser(owner, call.User, i)), i < priority) : ofUser;
        }

        return Of(call, floors, bookings, new(own, same, higher, ofTenant, ofRoute, ofUser), othersToCome, now);

        QueueAhead Booked(BookingLine? line) => line is null
            ? default
            : (line.Ahead.For(runs) * kept) switch { var work => work with { Work = work.Work * QueueAhead.Spread, Booked = work.Calls + (line.Due * kept), Load = work.Load * QueueAhead.Spread } };
    }

    /// <summary>When a call would go out that nobody is before.</summary>
    public static ForecastTurn OfOnly(Call call, IReadOnlyList<double> floors, Bookings bookings, Instant now)
    {
        var none = new QueueAhead(0, 0, 0, call.Lane!.Places[0].Runs);
        return Of(call, floors, bookings, new(none, none, none, new(none, none), new(none, none), new(none, none)), 1, now);
    }

    /// <summary>When a call will go out that waits and has been overtaken, or has come back: only those before it in its user's queue count.</summary>
    public static ForecastTurn OfFirst(Call call, IReadOnlyList<double> floors, Bookings bookings, Instant now)
    {
        var runs = call.Lane!.Places[0].Runs;
        QueueAhead before = new(0, 0, 0, runs), tenantsHigher = before, routesHigher = before, usersHigher = before;
        QueueAhead ofTenant = before, ofRoute = before, ofUser = before;
        for (var node = call.Node.Previous; node is not null; node = node.Previous)
        {
            var (one, consumed) = (node.Value, LoadAhead.Of(node.Value.Consumer));
            before += new QueueAhead(one.Cost, 1, 0, runs) { Load = LoadAhead.Of(one.Load) };
            ofTenant += new QueueAhead(one.TenantCost, 1, 0, runs) { Load = consumed };
            ofRoute += new QueueAhead(one.RouteCost, 1, 0, runs) { Load = consumed };
            ofUser += new QueueAhead(one.UserCost, 1, 0, runs) { Load = consumed };
        }

        var flow = call.Queue!.Flow;
        QueueAhead others = new(0, 0, 0, runs), higher = others;
        foreach (var rival in call.Lane.Rivals)
        {
            others += rival.Waiting((int)call.Priority).For(runs);
            for (var i = 0; i < (int)call.Priority; i++)
            {
                higher += rival.Waiting(i).For(runs) + (bookings.Of(rival, i)?.Ahead.For(runs) ?? default);
            }
        }

        for (var i = 0; i < (int)call.Priority; i++)
        {
            tenantsHigher += call.Owner!.Waiting[i].For(runs) + (bookings.OfTenant(call.Owner, i)?.Ahead.For(runs) ?? default);
            routesHigher += call.OwnerRoute is { } route ? route.Waiting[i].For(runs) + (bookings.OfRoute(route, i)?.Ahead.For(runs) ?? default) : default;
            usersHigher += call.OwnerUser is { } user ? user.Waiting[i].For(runs) + (bookings.OfUser(call.Owner, call.User, i)?.Ahead.For(runs) ?? default) : default;
        }

        others = new(Math.Max(0, others.Work - flow.Waiting.Cost), others.Calls - flow.Count, 0, runs) { Load = others.Load - flow.Waiting.For(runs).Load };
        var turn = Of(call, floors, bookings, new(before, before + others, higher, new(ofTenant, tenantsHigher), new(ofRoute, routesHigher), new(ofUser, usersHigher)), 1, now);

        // Those who were told an earlier time go before it.
        if (bookings.Find(call.Lane, (int)call.Priority, call.Owner!)?.Ahead is not { Count: > 0 } line)
        {
            return turn;
        }

        for (var (known, rounds) = (0, 0); rounds < MostRounds && line.Until(turn.At) is var earlier && earlier.Calls > known; rounds++)
        {
            known = earlier.Calls;
            var booked = earlier.For(runs) with { Booked = known };
            var its = booked with { Load = LoadAhead.Of(call.Consumer) * known };
            var (tenants, routes, users) = (its with { Work = known * call.TenantCost }, its with { Work = known * call.RouteCost }, its with { Work = known * call.UserCost });
            turn = Of(call, floors, bookings, new(before + booked, before + booked + others, higher,
                new(ofTenant + tenants, tenantsHigher), new(ofRoute + routes, routesHigher), new(ofUser + users, usersHigher)), 1, now);
        }

        return turn;
    }

    private static ForecastTurn Of(Call call, IReadOnlyList<double> floors, Bookings bookings, in Queues queues, double othersToCome, Instant now)
    {
        var (lane, owner, part) = (call.Lane!, call.Owner!, PartOf(call, bookings));
        var (own, others) = (queues.Own, queues.Same.Work - queues.Own.Work);
        var mine = part >= 1 ? own : QueueAhead.Min(
            new(own.Work + (others * othersToCome), own.Calls + ((queues.Same.Calls - own.Calls) * othersToCome), queues.Same.Booked, own.Runs)
            {
                Load = own.Load + ((queues.Same.Load - own.Load) * othersToCome),
            },
            AsPart(own, call.Cost, LoadAhead.Of(call.Load), part));

        var turn = Among(call, Line(new(mine, queues.Higher), lane.Pool.Traffic, i => lane.Waiting(i).Calls > 0 || bookings.Of(lane, i) is { Count: > 0 }, Open(call, now), call.Cost, call.Load), now);
        var ofTenant = Line(queues.OfTenant, owner.Traffic, i => owner.Waiting[i].Calls > 0 || bookings.OfTenant(owner, i) is { Count: > 0 }, owner.Budget.Share, call.TenantCost, call.Consumer);
        turn = Later(turn, owner.Budget.Foresee(call.Consumer, call.ConsumerCertain, ofTenant, now), owner.Budget);
        if (call.OwnerRoute is { } route)
        {
            var ofRoute = Line(queues.OfRoute, route.Traffic, i => route.Waiting[i].Calls > 0 || bookings.OfRoute(route, i) is { Count: > 0 }, route.Budget.Share, call.RouteCost, call.Consumer);
            turn = Later(turn, route.Budget.Foresee(call.Consumer, call.ConsumerCertain, ofRoute, now), route.Budget);
        }

        if (call.OwnerUser is not { } user)
        {
            return turn;
        }

        var ofUser = Line(queues.OfUser, user.Traffic, i => user.Waiting[i].Calls > 0 || bookings.OfUser(owner, call.User, i) is { Count: > 0 }, user.Budget.Share, call.UserCost, call.Consumer);
        return Later(turn, user.Foresee(call.Consumer, call.ConsumerCertain, ofUser, now), user.Budget);

        // What keeps coming of higher classes is served first, down to the floor of this one; lower ones have theirs.
        QueueAhead Line(in ClassQueues ahead, ClassTraffic? traffic, Func<int, bool> isWaiting, double open, double cost, in Charge load)
        {
            var line = (ahead.Higher + ahead.Own) * (open / Drain((int)call.Priority, floors, traffic, isWaiting, open, now));
            var floor = floors[(int)call.Priority];
            return floor > 0 && ahead.Higher.Work > 0 ? QueueAhead.Min(line, AsPart(ahead.Own, cost, LoadAhead.Of(load), floor)) : line;
        }

        // What is the caller's own is named before what it shares.
        ForecastTurn Later(ForecastTurn first, Instant at, Budget by) => at > now && at >= first.At ? new(at, by) : first;
    }

    // Places share what is ahead as each has room for it, by its own algorithm: the turn comes once they have done with it together.
    private static ForecastTurn Among(Call call, in QueueAhead line, Instant now)
    {
        var lane = call.Lane!;
        Span<int> places = stackalloc int[lane.Places.Length];
        var (count, turn) = (0, new ForecastTurn(Instant.Never, null));
        for (var i = 0; i < lane.Places.Length; i++)
        {
            if ((call.Excluded >> i & 1) != 0)
            {
                continue;
            }

            turn = At(call, i, line, now, out var last) is var at && at < turn.At ? new(at, last) : turn;
            if (!IsCounted(call, i))
            {
                places[count++] = i;
            }
        }

        if (count < 2 || turn.At <= now || !turn.At.IsKnown)
        {
            return turn;
        }

        var (early, late) = (now, turn.At);
        for (var step = 0; step < TurnSteps; step++)
        {
            var middle = early + ((late - early) / 2);
            (early, late) = Part(call, places[..count], line, middle, now) >= 1 ? (early, middle) : (middle, late);
        }

        return turn with { At = late };
    }

    // How much of a queue places have done with by an instant, and have room for the call besides.
    private static double Part(Call call, ReadOnlySpan<int> places, in QueueAhead line, Instant by, Instant now)
    {
        var done = 0.0;
        foreach (var place in places)
        {
            var (less, more) = (0.0, 1.0);
            if (At(call, place, default(QueueAhead) with { Runs = line.Runs }, now, out _) > by)
            {
                continue;
            }

            for (var step = 0; step < PartSteps; step++)
            {
                var part = (less + more) / 2;
                (less, more) = At(call, place, line * part, now, out _) <= by ? (part, more) : (less, part);
            }

            done += less;
        }

        return done;
    }

    // When a call will go out at a place behind a queue, whose work is told in seconds of the first one's capacity.
    private static Instant At(Call call, int place, in QueueAhead line, Instant now, out Budget? last)
    {
        var here = place == 0 ? line : line with { Work = line.Work / Breadth(call, place) };
        return call.Lane!.Places[place].Foresee(call.ChargeAt(place), call.Certain(place), here, now, out last);
    }

    // What a budget binds that places have in common is there once.
    private static bool IsCounted(Call call, int place)
    {
        for (var i = 0; i < place; i++)
        {
            if ((call.Excluded >> i & 1) == 0 && call.Lane!.Places[place].IsBoundWith(call.Lane.Places[i], call.ChargeAt(place)))
            {
                return true;
            }
        }

        return false;
    }

    // What is served while a queue that has a part of the service, and after it the call, have theirs: its own turn takes so long, too.
    private static QueueAhead AsPart(in QueueAhead queue, double cost, in LoadAhead load, double part) =>
        new(((queue.Work + cost) / part) - cost, ((queue.Calls + 1) / part) - 1, queue.Booked / part, queue.Runs)
        {
            Load = ((queue.Load + load) * (1 / part)) - load,
        };

    /// <summary>The part of its class that is a tenant's: whoever has little waiting is served as often as its weight says, however much others have.</summary>
    public static double PartOf(Call call, Bookings bookings)
    {
        var (lane, priority, owner) = (call.Lane!, (int)call.Priority, call.Owner!);
        return owner.Weight / bookings.WeightWith(owner, lane, priority);
    }

    // How fast a class is served where some of higher ones still come: down to its floor; lower ones have theirs.
    private static double Drain(int priority, IReadOnlyList<double> floors, ClassTraffic? traffic, Func<int, bool> isWaiting, double open, Instant now)
    {
        var lower = 0.0;
        for (var i = priority + 1; i < floors.Count; i++)
        {
            lower += isWaiting(i) ? open * floors[i] : 0;
        }

        return Math.Max(open * Math.Max(floors[priority], LeastShare), open - (traffic?.ToComeAbove(priority, open, now) ?? 0) - lower);
    }

    /// <summary>How much a place's capacity for a call is of the first one's.</summary>
    private static double Breadth(Call call, int place)
    {
        var (first, own) = (call.Lane!.Places[0].Cost(call.Provider[0]), call.Lane.Places[place].Cost(call.Provider[place]));
        return Math.Min(first, own) < LeastCost ? 1 : Math.Clamp(first / own, 1 / MostBreadth, MostBreadth);
    }

    /// <summary>How often the capacity of a place is there for a call's queue, in all the places that are open to it.</summary>
    public static double Breadths(Call call, int place, Instant now) => Open(call, now) / Breadth(call, place);

    // How much of the first place's capacity a call's queue can count on. Those that are closed now will be open when its turn comes, where no other is;
    // those that a budget binds which they have in common are one.
    private static double Open(Call call, Instant now)
    {
        var lane = call.Lane!;
        if (lane.Places.Length == 1)
        {
            return lane.Places[0].Share;
        }

        var open = 0.0;
        for (var i = 0; i < lane.Places.Length; i++)
        {
            var place = lane.Places[i];
            if ((call.Excluded >> i & 1) != 0 || place.ClosedUntil(now) > now)
            {
                continue;
            }

            open += IsCounted(call, i) ? 0 : place.Share * Breadth(call, i);
        }

        return open > 0 ? open : lane.Places[0].Share;
    }

    /// <summary>What is ahead of a call, in the units of each scope.</summary>
    private readonly record struct Queues(QueueAhead Own, QueueAhead Same, QueueAhead Higher, ClassQueues OfTenant, ClassQueues OfRoute, ClassQueues OfUser);

    /// <summary>What is ahead of a call, of its own class and of higher ones.</summary>
    private readonly record struct ClassQueues(QueueAhead Own, QueueAhead Higher)
    {
        public ClassQueues With(in QueueAhead more, bool isHigher) => isHigher ? this with { Higher = Higher + more } : this with { Own = Own + more };
    }
}
