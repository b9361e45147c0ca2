using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// The places of refused callers. A refusal is a booking: the time told is the one at which the caller's turn comes, everybody who waits or was
/// told a time before counted; when it comes, room is taken for it as for a call that waits, and held until a little after the time told.
/// Bookings take turns with everybody else by tenant, class and user, so no flood of them takes more than its tenant's share; and where
/// callers seldom come back, nothing is held.
/// </summary>
/// <param name="isTabled">Whether it is kept of each budget what is booked of it, in order of time.</param>
internal sealed class Bookings(bool isTabled)
{
    /// <summary>How late a caller may come for its place: two seconds, and what the way takes.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2.5);

    private const int MostKept = 100_000;
    private const int LeastKept = 1_000;
    private const double EarlyPart = 0.02;
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MostEarly = TimeSpan.FromSeconds(0.5);
    private readonly Dictionary<(Lane, int), Dictionary<Tenant, TenantLine>> _lines = [];
    private readonly Dictionary<(Lane, int), BookingLine> _classes = [];
    private readonly Dictionary<(Tenant, int), BookingLine> _tenants = [];
    private readonly Dictionary<(Allotment, int), BookingLine> _routes = [];
    private readonly Dictionary<(Tenant, string, int), BookingLine> _users = [];
    private readonly PriorityQueue<Booking, long> _claims = new();
    private readonly PriorityQueue<Booking, long> _ends = new();
    private readonly Dictionary<string, Timetable> _timetables = new(StringComparer.Ordinal);
    private int _tenantsKept;

    /// <summary>How many are kept.</summary>
    public int Count { get; private set; }

    /// <summary>When one of them has to be looked at; <see cref="Instant.Unknown"/> for none.</summary>
    public Instant NextWake => Instant.Min(
        _claims.TryPeek(out _, out var claim) ? new(claim) : Instant.Unknown, _ends.TryPeek(out _, out var end) ? new(end) : Instant.Unknown);

    /// <summary>The bookings of a call's tenant in its class.</summary>
    public TenantLine LineOf(Call call)
    {
        var key = (call.Lane!, (int)call.Priority);
        if (!_lines.TryGetValue(key, out var tenants))
        {
            _lines.Add(key, tenants = []);
        }

        if (!tenants.TryGetValue(call.Owner!, out var line))
        {
            tenants.Add(call.Owner!, line = new());
        }

        return line;
    }

    /// <summary>The same, of any route, or null.</summary>
    public TenantLine? Find(Lane lane, int priority, Tenant tenant) => _lines.GetValueOrDefault((lane, priority))?.GetValueOrDefault(tenant);

    /// <summary>What is booked in a class of a lane; null for nothing.</summary>
    public BookingLine? Of(Lane lane, int priority) => _classes.GetValueOrDefault((lane, priority));

    /// <summary>The weights of the tenants that wait or are booked in a class, and of one more, added up.</summary>
    public double WeightWith(Tenant one, Lane lane, int priority)
    {
        var weight = lane.WaitingWeight(priority) + (lane.Find(one, priority) is null ? one.Weight : 0);
        if (Of(lane, priority) is { Count: > 0 })
        {
            foreach (var (tenant, line) in _lines[(lane, priority)])
            {
                weight += line.Ahead.Count > 0 && tenant != one && lane.Find(tenant, priority) is null ? tenant.Weight : 0;
            }
        }

        return weight;
    }

    /// <summary>
    /// Whether others were told times that are a call's by right: those of lower classes, and tenants who were told more than its own, by weight.
    /// </summary>
    public bool IsBehind(Call call)
    {
        var (lane, priority, owner) = (call.Lane!, (int)call.Priority, call.Owner!);
        for (var lower = priority + 1; lower < Pool.Classes; lower++)
        {
            if (Of(lane, lower) is { Count: > 0 })
            {
                return true;
            }
        }

        var own = ((Find(lane, priority, owner)?.Ahead.Ahead.Cost ?? 0) + call.Cost) / owner.Weight;
        return _lines.TryGetValue((lane, priority), out var lines)
            && lines.Any(line => line.Key != owner && line.Value.Ahead.Ahead.Cost / line.Key.Weight > own + (call.Cost / line.Key.Weight));
    }

    /// <summary>What is booked of a tenant's own budget in a class.</summary>
    public BookingLine? OfTenant(Tenant tenant, int priority) => _tenants.GetValueOrDefault((tenant, priority));

    /// <summary>What is booked of a tenant's budget for a route in a class; null for nothing.</summary>
    public BookingLine? OfRoute(Allotment? route, int priority) => route is null ? null : _routes.GetValueOrDefault((route, priority));

    /// <summary>What is booked of a user's own budget in a class.</summary>
    public BookingLine? OfUser(Tenant tenant, string? user, int priority) =>
        user is null ? null : _users.GetValueOrDefault((tenant, user, priority));

    /// <summary>The time that a caller is told whose turn comes at an instant: whole seconds from now, at least one.</summary>
    public static Instant Tell(Instant at, Instant now) =>
        at.IsKnown ? now + TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((at - now).TotalSeconds - 1e-6))) : at;

    /// <summary>
    /// Keeps a place for a refused call from an instant on, and says what its caller is told. Past a bound no more are kept of those who have
    /// more than others.
    /// </summary>
    /// <param name="call">Whose.</param>
    /// <param name="at">From when on.</param>
    /// <param name="now">Now.</param>
    /// <param name="before">The booking that it had, which is told again; null for none.</param>
    public Instant Book(Call call, Instant at, Instant now, Booking? before = null)
    {
        var told = before?.Told ?? Tell(at, now);
        var line = LineOf(call);
        if (!at.IsKnown || Count >= LeastKept && line.Count >= MostKept / (2 + _tenantsKept))
        {
            return told;
        }

        var booking = new Booking { Place = call.Again(), At = at, Told = told, Line = line };
        booking.Place.BookedSince = now;
        booking.Place.Booking = booking;
        _tenantsKept += line.Count == 0 ? 1 : 0;
        Count++;
        line.Add(booking);
        Tally(booking, call, 1);
        Tabulate(booking, call, true);
        Fill(call, line, at);
        _claims.Enqueue(booking, (at - Early - (EarlyPart * (at - now) is var part && part < MostEarly ? part : MostEarly)).Ticks);
        _ends.Enqueue(booking, (told + Grace).Ticks);
        return told;
    }

    /// <summary>Takes one out whose turn has come.</summary>
    public bool TryTakeDue(Instant now, out Booking booking)
    {
        while (_claims.TryPeek(out booking!, out var ticks) && ticks <= now.Ticks)
        {
            _claims.Dequeue();
            if (booking.State == BookingState.Ahead && !booking.Line.IsIdle)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes one out whose caller did not come in time.</summary>
    public bool TryTakeEnded(Instant now, out Booking booking)
    {
        while (_ends.TryPeek(out booking!, out var ticks) && ticks <= now.Ticks)
        {
            _ends.Dequeue();
            if (booking.State != BookingState.Over)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Its turn has come: it stands in the queue, or room is held.</summary>
    public void Advance(Booking booking, BookingState state)
    {
        if (booking.State == BookingState.Ahead)
        {
            Tally(booking, booking.Place, -1);
            TallyDue(booking.Place, 1);
        }

        booking.State = state;
        if (state == BookingState.Held)
        {
            LineIn(_classes, (booking.Place.Lane!, (int)booking.Place.Priority)).Hold(booking);
        }
    }

    /// <summary>Ends one.</summary>
    /// <param name="booking">Which.</param>
    /// <param name="by">Who came for it; null where nobody did.</param>
    public void End(Booking booking, Call? by)
    {
        if (booking.State == BookingState.Ahead)
        {
            Tally(booking, booking.Place, -1);
        }
        else
        {
            TallyDue(booking.Place, -1);
        }

        Tabulate(booking, booking.Place, false);
        booking.Line.End(booking, by);
        Count--;
        _tenantsKept -= booking.Line.Count == 0 ? 1 : 0;
    }

    // Each of the budgets that it draws on refills from then on what it takes.
    private void Fill(Call call, TenantLine line, Instant at)
    {
        var apart = TimeSpan.Zero;
        foreach (var scope in call.Lane!.Places[0].Scopes)
        {
            apart = scope.Apart(call.Load) is var its && its > apart ? its : apart;
        }

        line.Ahead.Fill(at, apart / WaitForecast.PartOf(call, this));
        OfTenant(call.Owner!, (int)call.Priority)!.Fill(at, call.Owner!.Budget.Apart(call.Consumer));
        OfRoute(call.OwnerRoute, (int)call.Priority)?.Fill(at, call.OwnerRoute!.Budget.Apart(call.Consumer));
        OfUser(call.Owner!, call.User, (int)call.Priority)?.Fill(at, call.OwnerUser?.Budget.Apart(call.Consumer) ?? default);
    }

    private void Tally(Booking booking, Call call, int sign) => ForEachLine(call, (line, cost, load) =>
    {
        if (sign > 0)
        {
            line.Add(booking, cost, load);
        }
        else
        {
            line.Remove(cost, load);
        }
    });

    private void TallyDue(Call call, int sign) => ForEachLine(call, (line, _, _) => line.Due += sign);

    private void ForEachLine(Call call, Action<BookingLine, double, Charge> act)
    {
        var (lane, priority, owner) = (call.Lane!, (int)call.Priority, call.Owner!);
        act(LineOf(call).Ahead, call.Cost, call.Load);
        act(LineIn(_classes, (lane, priority)), call.Cost, call.Load);
        act(LineIn(_tenants, (owner, priority)), call.TenantCost, call.Consumer);
        if (call.OwnerRoute is { } route)
        {
            act(LineIn(_routes, (route, priority)), call.RouteCost, call.Consumer);
        }

        if (call.User is { } user)
        {
            var its = LineIn(_users, (owner, user, priority));
            act(its, call.UserCost, call.Consumer);
            if (its is { Count: 0, Due: 0 })
            {
                _users.Remove((owner, user, priority));
            }
        }
    }

    /// <summary>All that is booked of a budget; null for nothing, and where that is not kept.</summary>
    public Timetable? TableOf(Budget budget) => _timetables.GetValueOrDefault(budget.Name);

    /// <summary>A call begins or ends to wait that is not booked.</summary>
    public void Wait(Call call, int sign)
    {
        foreach (var budget in Tabled(call))
        {
            TableIn(budget).Wait(call.Priority, call.ChargeTo(budget), sign);
            Forget(budget);
        }
    }

    private void Tabulate(Booking booking, Call call, bool isNew)
    {
        foreach (var budget in Tabled(call))
        {
            var table = TableIn(budget);
            if (isNew)
            {
                table.Add(booking);
            }
            else
            {
                table.Remove(booking);
                Forget(budget);
            }
        }
    }

    private IEnumerable<Budget> Tabled(Call call) => isTabled ? call.Budgets : [];

    private Timetable TableIn(Budget budget) => LineIn(_timetables, budget.Name);

    private void Forget(Budget budget)
    {
        if (_timetables.TryGetValue(budget.Name, out var table) && table.IsEmpty)
        {
            _timetables.Remove(budget.Name);
        }
    }

    private static TLine LineIn<TKey, TLine>(Dictionary<TKey, TLine> lines, TKey key)
        where TKey : notnull
        where TLine : new()
    {
        if (!lines.TryGetValue(key, out var line))
        {
            lines.Add(key, line = new());
        }

        return line;
    }
}
