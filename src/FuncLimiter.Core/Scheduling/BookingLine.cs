using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Bookings whose time has not come, the next first, and what they come to together; and how many are due.</summary>
internal sealed class BookingLine
{
    private const int FewOver = 16;

    // By their times. Those that are over are passed by, and taken out once they are as many as the others.
    private readonly List<Booking> _inOrder = [];
    private readonly List<Booking> _held = [];
    private int _first;
    private WorkAhead _ahead;

    public int Count => _ahead.Calls;

    /// <summary>What they come to.</summary>
    public ref readonly WorkAhead Ahead => ref _ahead;

    /// <summary>Those whose time has come and whose caller is not here yet.</summary>
    public int Due { get; set; }

    /// <summary>When the turn of the last of them comes; unknown for none.</summary>
    public Instant Last { get; private set; } = Instant.Unknown;

    /// <summary>When a budget that refills bit by bit has room again that was full before the first of them; unknown for none.</summary>
    public Instant Filled { get; private set; } = Instant.Unknown;

    /// <summary>One more of them comes, that takes so long to come back.</summary>
    public void Fill(Instant at, TimeSpan apart) => Filled = (Filled.IsKnown ? Instant.Max(Filled, at) : at) + apart;

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

    /// <summary>What those before an instant come to at their deployment.</summary>
    public WorkAhead Until(Instant at)
    {
        var work = default(WorkAhead);
        for (var i = _first; i < _inOrder.Count && _inOrder[i].At <= at; i++)
        {
            if (_inOrder[i].State == BookingState.Ahead)
            {
                work.Add(_inOrder[i].Place.Cost, _inOrder[i].Place.Load);
            }
        }

        return work;
    }

    /// <summary>The first time from an instant on that is so far from that of each of them; any later one than the latest means that there is none.</summary>
    public Instant ClearFrom(Instant at, TimeSpan apart, Instant latest)
    {
        for (var i = FirstAfter(at - apart); i < _inOrder.Count && _inOrder[i].At < at + apart && at <= latest; i++)
        {
            at = _inOrder[i].State == BookingState.Ahead ? _inOrder[i].At + apart : at;
        }

        return at;
    }

    private int FirstAfter(Instant at)
    {
        var (low, high) = (_first, _inOrder.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _inOrder[middle].At <= at ? (middle + 1, high) : (low, middle);
        }

        return low;
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

    /// <summary>Room is held for one.</summary>
    public void Hold(Booking booking)
    {
        if (_held.Count > (2 * Due) + FewOver)
        {
            _held.RemoveAll(static one => one.State != BookingState.Held);
        }

        _held.Add(booking);
    }

    /// <summary>The last of its time whose room is held; null for none.</summary>
    public Booking? LastHeld => _held.FindLast(static booking => booking.State == BookingState.Held);

    public void Add(Booking booking, double cost, in Charge load)
    {
        var place = _inOrder.Count;
        while (place > _first && _inOrder[place - 1].At > booking.At)
        {
            place--;
        }

        _inOrder.Insert(place, booking);
        Last = Count > 0 ? Instant.Max(Last, booking.At) : booking.At;
        _ahead.Add(cost, load);
    }

    public void Remove(double cost, in Charge load)
    {
        _ahead.Remove(cost, load);
        (Last, Filled) = Count == 0 ? (Instant.Unknown, Instant.Unknown) : (Last, Filled);
        if (_inOrder.Count > (2 * Count) + FewOver)
        {
            _inOrder.RemoveAll(booking => booking.State != BookingState.Ahead);
            _first = 0;
        }
    }
}

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
