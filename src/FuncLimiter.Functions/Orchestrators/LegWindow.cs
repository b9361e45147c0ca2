namespace FuncLimiter.Functions.Orchestrators;

/// <summary>
/// How many legs of a list may be under way: as many as the limiter keeps waiting without sending them away, as a sender's congestion window.
/// What waits at an instance is let out as soon as there is room, and makes the instance ask for a larger share; what was sent away with a
/// time is seen by nobody until then. Each call sent away narrows the window to the legs that are left, each that ends widens it, and where
/// none ends it is widened by and by, the later the oftener that was in vain.
/// </summary>
/// <param name="most">The widest.</param>
internal sealed class LegWindow(int most)
{
    private const int First = 16;

    /// <summary>By what an ended call widens a window that was once too wide: of so many calls one more is sent away.</summary>
    private const double Growth = 0.25;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private double _size = Math.Min(First, most);
    private TimeSpan _pause = FirstPause;
    private int _step = 1;
    private DateTimeOffset? _widensAt;
    private bool _wasTooWide;
    private bool _isTried = true;

    /// <summary>How many legs may be under way.</summary>
    public int Size => (int)_size;

    /// <summary>When it is widened next though no call ended; null where it is at its widest.</summary>
    public DateTimeOffset? WidensAt => _size < most ? _widensAt : null;

    /// <summary>Time has passed.</summary>
    public void Advance(DateTimeOffset now)
    {
        _widensAt ??= now + _pause;
        if (_widensAt <= now)
        {
            _size = Math.Min(most, Math.Floor(_size) + _step);
            _step = Math.Min(most, _step * 2);
            (_widensAt, _isTried) = (now + _pause, true);
        }
    }

    /// <summary>A call went out and ended.</summary>
    public void Ended(DateTimeOffset now)
    {
        _size = Math.Min(most, _size + (_wasTooWide ? Growth : 1));
        _pause = FirstPause;
        _widensAt = _widensAt < now + _pause ? _widensAt : now + _pause;
    }

    /// <summary>A call was sent away for want of room.</summary>
    /// <param name="left">How many legs are still under way.</param>
    /// <param name="now">Now.</param>
    public void SentAway(int left, DateTimeOffset now)
    {
        (_size, _step) = (Math.Min(_size, left), 1);
        if (_isTried)
        {
            _pause = !_wasTooWide ? _pause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            (_widensAt, _isTried, _wasTooWide) = (now + _pause, false, true);
        }
    }
}
