using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

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

    /// <summary>All that are kept, those whose time has come too.</summary>
    public int Count { get; private set; }

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
            && (call.Caller == 0 || call.IsBack is true || _strangers.PerSecond(now) < Math.Max(0.1, 0.25 * Ahead.Due) && AreChanging(now)))
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

        if (_strangers.PerSecond(now) < 0.125 * Ahead.Due)
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
