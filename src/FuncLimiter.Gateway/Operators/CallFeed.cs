namespace FuncLimiter.Gateway.Operators;

/// <summary>
/// The last things that happened to calls, for people to look at. Every event is counted; of each kind a few every second are kept, so that
/// thousands of admissions a second neither cost much nor push the one refusal out of sight.
/// </summary>
public sealed class CallFeed
{
    private const int Kept = 512;
    private const int MostPerSecond = 20;
    private static readonly int Kinds = Enum.GetValues<CallEventKind>().Length;

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly CallEvent[] _ring = new CallEvent[Kept];
    private readonly long[] _counts = new long[Kinds];
    private readonly Quota[] _quotas = new Quota[Kinds];
    private long _last;

    /// <summary>An empty feed.</summary>
    /// <param name="time">The clock.</param>
    public CallFeed(TimeProvider time) => _time = time;

    /// <summary>The number of the last event that was kept; 0 before the first.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>How many events of a kind there were, kept or not.</summary>
    public long Count(CallEventKind kind) => Interlocked.Read(ref _counts[(int)kind]);

    /// <summary>Events after a number, oldest first: at most as many as are kept.</summary>
    /// <param name="number">The number of the last one known; 0 for all.</param>
    /// <param name="most">How many, the latest ones where there are more.</param>
    public IReadOnlyList<CallEvent> After(long number, int most)
    {
        lock (_gate)
        {
            var first = Math.Max(Math.Max(number, _last - Kept), _last - most) + 1;
            var events = new CallEvent[Math.Max(0, _last - first + 1)];
            for (var i = 0; i < events.Length; i++)
            {
                events[i] = _ring[(first + i) % Kept];
            }

            return events;
        }
    }

    /// <summary>Counts an event, and says whether it is to be kept as well.</summary>
    internal bool Count(CallEventKind kind, out DateTimeOffset now)
    {
        now = _time.GetUtcNow();
        Interlocked.Increment(ref _counts[(int)kind]);
        ref var quota = ref _quotas[(int)kind];
        var second = now.UtcTicks / TimeSpan.TicksPerSecond;
        if (Interlocked.Read(ref quota.Second) != second)
        {
            Interlocked.Exchange(ref quota.Second, second);
            Interlocked.Exchange(ref quota.Used, 0);
        }

        return Volatile.Read(ref quota.Used) < MostPerSecond && Interlocked.Increment(ref quota.Used) <= MostPerSecond;
    }

    /// <summary>Keeps an event that <see cref="Count(CallEventKind, out DateTimeOffset)"/> asked for.</summary>
    internal void Keep(CallEvent happened)
    {
        lock (_gate)
        {
            var number = _last + 1;
            _ring[number % Kept] = happened with { Number = number };
            Interlocked.Exchange(ref _last, number);
        }
    }

    private struct Quota
    {
        public long Second;
        public int Used;
    }
}
