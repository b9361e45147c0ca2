using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <content>The time that a refused caller is told: its turn behind all, no nearer to others than the budgets have room for both.</content>
public sealed partial class Limiter
{
    // Where others of the class are turned away too, more of theirs will come than is known yet.
    private const double OthersToCome = 3;

    // Where few come back, times are told as though a part of what was told before were void.
    private const double LeastCounted = 0.25;

    // How much of what was told before counts for those who are told now.
    private static double Counted(TenantLine line) => Math.Clamp(line.Kept * 1.25, LeastCounted, 1);

    private ForecastTurn TurnBehindAll(Call call, double counted, double others, Instant now) =>
        AfterOthers(call, AfterLast(call, AfterRefill(call, AfterRounds(call, WaitForecast.OfLast(call, queue.Floor, bookings, counted, others, now), now), counted), counted));

    // Nobody is told a time at which a budget has no room beside all that was told before.
    private ForecastTurn AfterBooked(Call call, ForecastTurn turn, double counted, bool isBehind, Instant now)
    {
        if (counted < 1 || !turn.At.IsKnown)
        {
            return turn;
        }

        var (runs, foreseen) = (call.Lane!.Places[0].Runs, turn);
        var most = isBehind ? turn.At : Instant.Unknown;
        for (var before = Instant.Distant; before != turn.At && turn.At <= most;)
        {
            before = turn.At;
            foreach (var budget in call.Budgets)
            {
                After(bookings.TableOf(budget), budget, call.IsOwn(budget));
            }
        }

        return turn.At <= most ? turn : foreseen;

        void After(Timetable? table, Budget budget, bool isOwn)
        {
            foreach (var meter in table is null ? [] : budget.Meters)
            {
                var own = AmountOf(call);
                var latest = isBehind ? LatestBy(meter, own, isOwn) : most;
                if (table!.ClearFrom(meter, budget.Share, call.Priority, own, AmountOf, turn.At, latest, runs, now) is var clear && clear > turn.At)
                {
                    (most, turn) = (latest, new(clear, budget));
                }

                double AmountOf(Call one) => (isOwn ? one.Consumer : one.Load)[meter.Dimension];
            }
        }

        // What others were told before their turn is waited for as long again as for the own one, and for the next gap that is left to those who
        // may still come.
        Instant LatestBy(Meter meter, double own, bool isOwn)
        {
            var gap = (meter.Round(runs) ?? meter.Apart(own)) / ClassTraffic.MoreToCome / (isOwn ? 1 : WaitForecast.PartOf(call, bookings));
            return Instant.Max(most, foreseen.At + (foreseen.At - now) + gap);
        }
    }

    // However few are still to come of those who were told a time before: it goes after the last of them, as a bucket refills.
    private ForecastTurn AfterLast(Call call, ForecastTurn turn, double counted)
    {
        var own = bookings.Find(call.Lane!, (int)call.Priority, call.Owner!)?.Ahead;
        var its = call.OwnerUser is null ? own : bookings.OfUser(call.Owner!, call.User, (int)call.Priority);
        if (counted < 1 || !turn.At.IsKnown || own is not { Last.IsKnown: true } || its is not { Last.IsKnown: true }
            || turn.By is not { } by || by.Apart(call.IsOwn(by) ? call.Consumer : call.Load) is not { Ticks: > 0 } apart)
        {
            return turn;
        }

        return turn with { At = Instant.Max(turn.At, Instant.Min(own.Last, its.Last) + apart) };
    }

    // Where a budget has room for one at a time, nobody is told a time so near another's, of its class or a higher one, that both may come at
    // once; unless its tenant's turn would pass meanwhile.
    private ForecastTurn AfterOthers(Call call, ForecastTurn turn)
    {
        if (!turn.At.IsKnown || turn.By is not { } by || call.IsOwn(by) || !by.HasRoomForOne(call.Load))
        {
            return turn;
        }

        var (apart, at) = (by.Apart(call.Load), turn.At);
        var most = at + (apart / WaitForecast.PartOf(call, bookings));
        for (var before = Instant.Distant; before < at && at <= most;)
        {
            before = at;
            for (var priority = 0; priority <= (int)call.Priority; priority++)
            {
                at = bookings.Of(call.Lane!, priority)?.ClearFrom(at, apart, most) ?? at;
            }
        }

        return at <= most ? turn with { At = at } : turn;
    }

    // What the tenant's or the user's own budget refills while the deployment is full is lost beyond its burst, and the other way round: those
    // whom only one of them keeps waiting come no nearer to one another than both let them.
    private ForecastTurn AfterRefill(Call call, ForecastTurn turn, double counted)
    {
        if (counted < 1 || !turn.At.IsKnown)
        {
            return turn;
        }

        for (var priority = 0; priority <= (int)call.Priority; priority++)
        {
            After(bookings.OfTenant(call.Owner!, priority), call.Owner!.Budget, call.Consumer);
            After(bookings.OfRoute(call.OwnerRoute, priority), call.OwnerRoute?.Budget, call.Consumer);
            After(call.OwnerUser is null ? null : bookings.OfUser(call.Owner, call.User, priority), call.OwnerUser?.Budget, call.Consumer);
        }

        if (call.Lane!.Places.Length == 1)
        {
            foreach (var scope in call.Lane.Places[0].Scopes)
            {
                After(bookings.Find(call.Lane, (int)call.Priority, call.Owner!)?.Ahead, scope, call.Load);
            }
        }

        return turn;

        void After(BookingLine? line, Budget? budget, in Charge charge)
        {
            if (line is { Filled.IsKnown: true } && budget!.Apart(charge) > TimeSpan.Zero
                && line.Filled - budget.Burst(charge) is var clear && clear > turn.At)
            {
                turn = new(clear, budget);
            }
        }
    }

    // What a window or the calls under way have room for comes all at once: no more are told for one round than it holds.
    private ForecastTurn AfterRounds(Call call, ForecastTurn turn, Instant now)
    {
        foreach (var budget in (ReadOnlySpan<Budget?>)[turn.By, call.Owner!.Budget, call.OwnerRoute?.Budget, call.OwnerUser?.Budget])
        {
            turn = turn.At.IsKnown && budget is not null ? AfterRound(call, budget, turn, now) : turn;
        }

        return turn;
    }

    private ForecastTurn AfterRound(Call call, Budget by, ForecastTurn turn, Instant now)
    {
        var (owner, lane) = (call.Owner!, call.Lane!);
        var isOwn = call.IsOwn(by);
        var line = by == owner.Budget ? bookings.OfTenant(owner, (int)call.Priority)
            : by == call.OwnerRoute?.Budget ? bookings.OfRoute(call.OwnerRoute, (int)call.Priority)
            : by == call.OwnerUser?.Budget ? bookings.OfUser(owner, call.User, (int)call.Priority)
            : bookings.Find(lane, (int)call.Priority, owner)?.Ahead;
        var place = Math.Max(0, Array.FindIndex(lane.Places, one => one.Scopes.Contains(by)));
        foreach (var meter in by.Meters)
        {
            var own = AmountOf(call);
            if (own > 0 && line is not null && meter.Round(lane.Places[0].Runs) is { } round)
            {
                var room = isOwn ? meter.Effective * by.Share : meter.Effective * WaitForecast.PartOf(call, bookings) * WaitForecast.Breadths(call, place, now);
                if (line.FilledFrom(Math.Max(own, Math.Floor(room / own) * own), AmountOf) is { IsKnown: true } filled)
                {
                    turn = filled + round > turn.At ? new(filled + round, by) : turn;
                }
            }

            double AmountOf(Call one) => isOwn ? one.Consumer[meter.Dimension] : one.Provider[place][meter.Dimension];
        }

        return turn;
    }
}
