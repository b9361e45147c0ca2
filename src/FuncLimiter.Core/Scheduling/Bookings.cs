using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Where a booking stands.</summary>
internal enum BookingState
{
    /// <summary>Its time has not come.</summary>
    Ahead,

    /// <summary>Its place stands in the queue, at the head of its user's calls.</summary>
    Queued,

    /// <summary>Room is held for it until its caller is here.</summary>
    Held,

    /// <summary>Its caller came, or did not come in time.</summary>
    Over,
}

/// <summary>The place kept for a refused caller at the time it was told.</summary>
internal sealed class Booking
{
    /// <summary>What stands in the queue in the caller's stead.</summary>
    public required Call Place { get; init; }

    /// <summary>When its turn comes, as foreseen.</summary>
    public required Instant At { get; init; }

    /// <summary>The time told, not before <see cref="At"/>.</summary>
    public required Instant Told { get; init; }

    /// <summary>Whose it is.</summary>
    public required TenantLine Line { get; init; }

    public BookingState State { get; set; }

    /// <summary>When room was taken for it.</summary>
    public Instant HeldAt { get; set; }

    /// <summary>What is held for it of the deployment's budgets, from <see cref="HeldAt"/> on.</summary>
    public Charge Held { get; set; }
}

/// <summary>Bookings whose time has not come, the next first, and what they come to together.</summary>
internal sealed class BookingLine
{
    private const int FewOver = 16;

    // By their times. Those that are over are passed by, and taken out once they are as many as the others.
    private readonly List<Booking> _inOrder = [];
    private int _first;

    public int Count { get; private set; }

    /// <summary>When the turn of the last of them comes; unknown for none.</summary>
    public Instant Last { get; private set; } = Instant.Unknown;

    /// <summary>In seconds of the capacity that the line is for.</summary>
    public double Cost { get; private set; }

    /// <summary>The next; null for none.</summary>
    public Booking? First
    {
        get
        {
            while (_first < _inOrder.Count && _inOrder[_first].State != BookingState.Ahead)
            {
                _first++;
            }

            return _first < _inOrder.Count ? _inOrder[_first] : null;
        }
    }

    /// <summary>What those before an instant come to, and how many they are.</summary>
    public (double Cost, int Count) Until(Instant at)
    {
        var (cost, count) = (0.0, 0);
        for (var i = _first; i < _inOrder.Count && _inOrder[i].At <= at; i++)
        {
            (cost, count) = _inOrder[i].State == BookingState.Ahead ? (cost + _inOrder[i].Place.Cost, count + 1) : (cost, count);
        }

        return (cost, count);
    }

    /// <summary>The time of the earliest of the last ones that fill a room together; unknown where they all fit with some of it left.</summary>
    /// <param name="room">The room.</param>
    /// <param name="amount">What one of them takes of it.</param>
    public Instant FilledFrom(double room, Func<Call, double> amount)
    {
        for (var i = _inOrder.Count - 1; i >= _first; i--)
        {
            room -= _inOrder[i].State == BookingState.Ahead ? amount(_inOrder[i].Place) : 0;
            if (room <= 0)
            {
                return _inOrder[i].At;
            }
        }

        return Instant.Unknown;
    }

    public void Add(Booking booking, double cost)
    {
        var place = _inOrder.Count;
        while (place > _first && _inOrder[place - 1].At > booking.At)
        {
            place--;
        }

        _inOrder.Insert(place, booking);
        Last = Count > 0 ? Instant.Max(Last, booking.At) : booking.At;
        Count++;
        Cost += cost;
    }

    public void Remove(double cost)
    {
        Count--;
        Cost = Count == 0 ? 0 : Math.Max(0, Cost - cost);
        Last = Count == 0 ? Instant.Unknown : Last;
        if (_inOrder.Count > (2 * Count) + FewOver)
        {
            _inOrder.RemoveAll(booking => booking.State != BookingState.Ahead);
            _first = 0;
        }
    }
}

/// <summary>The bookings of one tenant in one class of one route, and how its refused callers behave.</summary>
internal sealed class TenantLine
{
    private const double WeightOfOne = 0.1;
    private const double Few = 0.7;
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);
    private const int EnoughSeen = 20;
    private const int MostSeen = 4_096;
    private const double MostAlike = 0.05;
    private const double EnoughAwaited = 2;
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(0.4);

    // Who comes back does within so long after its time.
    private static readonly TimeSpan Usually = TimeSpan.FromSeconds(2);
    private readonly Dictionary<(string?, long), Queue<Booking>> _byCaller = [];
    private readonly Dictionary<(string?, long), Instant> _seen = [];
    private readonly PriorityQueue<Booking, long> _inOrder = new();

    // How fast calls of unknown callers come that no booking was given to: they are new ones.
    private readonly ServiceRate _strangers = new(TimeSpan.FromSeconds(5));
    private double _recognised = 0.5;
    private bool _hasAnyCome;
    private double _unclaimed;
    private double _counted = 0.5;
    private int _distinct;
    private int _alike;

    public BookingLine Ahead { get; } = new();

    /// <summary>Calls that are likely to be refused, in the order in which they came.</summary>
    public List<Call> Undecided { get; } = [];

    /// <summary>All that are kept, those whose time has come too.</summary>
    public int Count { get; private set; }

    /// <summary>Those whose time has come and whose caller is not here yet.</summary>
    public int Due { get; set; }

    /// <summary>The part of the refused callers who come back, as seen of late.</summary>
    public double Kept { get; private set; } = 1;

    /// <summary>Whether so few come back that nothing is held for them.</summary>
    public bool IsIdle => Kept < Few;

    public void Add(Booking booking)
    {
        var place = booking.Place;
        if (!_byCaller.TryGetValue((place.User, place.Caller), out var mine))
        {
            _byCaller.Add((place.User, place.Caller), mine = new());
        }

        mine.Enqueue(booking);
        _inOrder.Enqueue(booking, booking.Told.Ticks);
        Count++;
    }

    /// <summary>The first booking of a caller; null for none.</summary>
    public Booking? Of(Call call)
    {
        if (!_byCaller.TryGetValue((call.User, call.Caller), out var mine))
        {
            return null;
        }

        while (mine.TryPeek(out var first))
        {
            if (first.State != BookingState.Over)
            {
                return first;
            }

            mine.Dequeue();
        }

        _byCaller.Remove((call.User, call.Caller));
        return null;
    }

    /// <summary>
    /// The booking of a caller that comes before its time: its own where it can be told from others, or where callers of this line send each
    /// something else. Null where it may as well be another caller.
    /// </summary>
    public Booking? OfEarly(Call call) =>
        call.IsIdentified || (call.Caller != 0 && call.IsBack is not false && AreDistinct) ? Of(call) : null;

    /// <summary>A call stands in line or is turned away: whether callers send each something else is seen by who comes at the same time.</summary>
    public void See(Call call, Instant now)
    {
        if (call.Caller == 0)
        {
            return;
        }

        if (_seen.Count >= MostSeen)
        {
            _seen.Clear();
            (_distinct, _alike) = (_distinct / 2, _alike / 2);
        }

        var key = (call.User, call.Caller);
        _distinct += _seen.ContainsKey(key) ? 0 : 1;
        _alike += _seen.TryGetValue(key, out var last) && now - last < Together ? 1 : 0;
        _seen[key] = now;
    }

    // Nobody tries again within that time; so whoever comes then is another caller.
    private bool AreDistinct => _distinct >= EnoughSeen && _alike <= _distinct * MostAlike;

    /// <summary>
    /// The booking that a caller comes for: its own, or where callers can't be recognised the one that is due first. Null for none.
    /// </summary>
    public Booking? Find(Call call, Instant now)
    {
        // Where those who come back say so, who says that it comes for the first time does.
        if (call.IsBack is false && _counted > 0.5)
        {
            _strangers.Add(1, now);
            return null;
        }

        if (Of(call) is { } own)
        {
            return own.Told - Early <= now || own.State != BookingState.Ahead ? own : null;
        }

        while (_inOrder.TryPeek(out var over, out _) && over.State == BookingState.Over)
        {
            _inOrder.Dequeue();
        }

        // New callers come whether somebody is due or not; those who send something else each time come when they are due.
        if (_inOrder.TryPeek(out var first, out _) && first.Told <= now && first.Place.User == call.User
            && (call.Caller == 0 || call.IsBack is true || _strangers.PerSecond(now) < Math.Max(0.1, 0.25 * Due) && AreChanging(now)))
        {
            return first;
        }

        _strangers.Add(1, now);
        return null;
    }

    // Most repeat what they sent. That they don't is known from those who came. Before anybody did, it is likely where hardly anybody comes for
    // the first time, or where so many should have come by now.
    private bool AreChanging(Instant now)
    {
        if (_hasAnyCome)
        {
            return _recognised <= 0.5;
        }

        if (_strangers.PerSecond(now) < 0.125 * Due)
        {
            return true;
        }

        var awaited = _unclaimed;
        foreach (var (booking, told) in _inOrder.UnorderedItems)
        {
            // The earliest stand first in a heap: with enough of them nobody looks at the others.
            if (awaited >= EnoughAwaited)
            {
                return true;
            }

            awaited += booking.State == BookingState.Over ? 0 : Math.Clamp((now - new Instant(told)) / Usually, 0, 1);
        }

        return awaited >= EnoughAwaited;
    }

    /// <summary>Ends a booking.</summary>
    /// <param name="booking">Which.</param>
    /// <param name="by">Who came for it; null where nobody did.</param>
    public void End(Booking booking, Call? by)
    {
        _hasAnyCome |= by is not null;
        _unclaimed += by is null ? 1 : 0;
        Due -= booking.State is BookingState.Queued or BookingState.Held ? 1 : 0;
        booking.State = BookingState.Over;
        Count--;
        Kept += ((by is null ? 0 : 1) - Kept) * WeightOfOne;
        if (by is not null)
        {
            _counted += ((by.IsBack is true ? 1 : 0) - _counted) * WeightOfOne;
            _recognised += ((by.Caller == booking.Place.Caller ? 1 : 0) - _recognised) * WeightOfOne;
        }

        // Forgets those of the same caller that are over.
        Of(booking.Place);
    }
}

/// <summary>
/// The places of refused callers. A refusal is a booking: the time told is the one at which the caller's turn comes, everybody who waits or was
/// told a time before counted; when it comes, room is taken for it as for a call that waits, and held until a little after the time told.
/// Bookings take turns with everybody else by tenant, class and user, so no flood of them takes more than its tenant's share; and where
/// callers seldom come back, nothing is held.
/// </summary>
internal sealed class Bookings
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
    private readonly Dictionary<(Tenant, string, int), BookingLine> _users = [];
    private readonly PriorityQueue<Booking, long> _claims = new();
    private readonly PriorityQueue<Booking, long> _ends = new();
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

    /// <summary>What is booked of a tenant's own budget in a class.</summary>
    public BookingLine? OfTenant(Tenant tenant, int priority) => _tenants.GetValueOrDefault((tenant, priority));

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
            booking.Line.Due++;
        }

        booking.State = state;
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

        booking.Line.End(booking, by);
        Count--;
        _tenantsKept -= booking.Line.Count == 0 ? 1 : 0;
    }

    private void Tally(Booking booking, Call call, int sign)
    {
        var (lane, priority, owner) = (call.Lane!, (int)call.Priority, call.Owner!);
        Add(booking.Line.Ahead, call.Cost);
        Add(LineIn(_classes, (lane, priority)), call.Cost);
        Add(LineIn(_tenants, (owner, priority)), call.TenantCost);
        if (call.User is { } user)
        {
            var its = LineIn(_users, (owner, user, priority));
            Add(its, call.UserCost);
            if (its.Count == 0)
            {
                _users.Remove((owner, user, priority));
            }
        }

        void Add(BookingLine line, double cost)
        {
            if (sign > 0)
            {
                line.Add(booking, cost);
            }
            else
            {
                line.Remove(cost);
            }
        }
    }

    private static BookingLine LineIn<TKey>(Dictionary<TKey, BookingLine> lines, TKey key)
        where TKey : notnull
    {
        if (!lines.TryGetValue(key, out var line))
        {
            lines.Add(key, line = new());
        }

        return line;
    }
}
