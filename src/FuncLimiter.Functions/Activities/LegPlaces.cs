namespace FuncLimiter.Functions.Activities;

/// <summary>
/// So many legs may run in a process at once. One that finds no place is told when one should be free for it, after all that were told before:
/// by how long legs have had theirs of late.
/// </summary>
/// <param name="most">How many.</param>
/// <param name="time">The clock.</param>
internal sealed class LegPlaces(int most, TimeProvider time)
{
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    /// <summary>The part of the mean that the latest leg is.</summary>
    private const double Weight = 0.1;

    private readonly Lock _gate = new();
    private int _taken;
    private double _seconds = 1;
    private DateTimeOffset _nextTurn;

    /// <summary>Takes a place.</summary>
    /// <param name="turn">When to ask again, where there is none.</param>
    public bool TryTake(out DateTimeOffset turn)
    {
        lock (_gate)
        {
            turn = default;
            if (_taken < most)
            {
                _taken++;
                return true;
            }

            var now = time.GetUtcNow();
            var next = (_nextTurn > now ? _nextTurn : now) + TimeSpan.FromSeconds(_seconds / most);
            _nextTurn = next < now + Latest ? next : now + Latest;
            turn = _nextTurn > now + Soonest ? _nextTurn : now + Soonest;
            return false;
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="since">When it was taken, see <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void GiveBack(long since)
    {
        lock (_gate)
        {
            _taken--;
            _seconds += Weight * (time.GetElapsedTime(since).TotalSeconds - _seconds);
        }
    }
}
