using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Bookings whose time has not come, the next first, and what they come to together; and how many are due.</summary>
internal sealed class BookingLine
{
    private const int FewOver = 16;

    // By their times. Those that are over are passed by, and taken out once they are as many as the others.
    private readonly List<Booking> _inOrder = [];
    private int _first;

    public int Count { get; private set; }

    /// <summary>Those whose time has come and whose caller is not here yet.</summary>
    public int Due { get; set; }

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
