using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Operations;

/// <summary>
/// The last things that happened to calls, for people to look at. Every event is counted; of each kind a few every second are kept, so that
/// thousands of admissions a second neither cost much nor push the one refusal out of sight.
/// </summary>
internal sealed class CallFeed(TimeProvider time)
{
    private const int Kept = 512;
    private const int MostPerSecond = 20;
    private static readonly int Kinds = Enum.GetValues<CallEventKind>().Length;

    private readonly Lock _gate = new();
    private readonly CallEvent[] _ring = new CallEvent[Kept];
    private readonly long[] _counts = new long[Kinds];
    private readonly Quota[] _quotas = new Quota[Kinds];
    private long _last;

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
        now = time.GetUtcNow();
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

/// <summary>One thing that happened to one call.</summary>
/// <param name="Kind">What.</param>
/// <param name="Tenant">Whose call.</param>
/// <param name="User">Of which user, or null.</param>
/// <param name="Priority">Of which class.</param>
/// <param name="Route">The name asked for.</param>
internal sealed record CallEvent(CallEventKind Kind, string Tenant, string? User, Priority Priority, string Route)
{
    /// <summary>Its place in the feed, from 1; later ones have larger numbers.</summary>
    public long Number { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The deployment as <c>account/model</c>, where one serves it.</summary>
    public string? Deployment { get; init; }

    /// <summary>How long the call has waited.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Why, for people; null where there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The tokens used, once settled.</summary>
    public long? Tokens { get; init; }
}

/// <summary>What happened to a call.</summary>
internal enum CallEventKind
{
    /// <summary>Let out to a target of its route.</summary>
    Admitted,

    /// <summary>Has to wait for room.</summary>
    Waiting,

    /// <summary>Let out to a fallback of its route.</summary>
    Diverted,

    /// <summary>Turned away.</summary>
    Refused,

    /// <summary>Over; what it used is known.</summary>
    Settled,
}

/// <summary>The names of what happens to calls, in what FuncLimiter reports.</summary>
internal static class CallEventName
{
    public static string Of(CallEventKind kind) => kind switch
    {
        CallEventKind.Admitted => "admitted",
        CallEventKind.Waiting => "waiting",
        CallEventKind.Diverted => "diverted",
        CallEventKind.Refused => "refused",
        _ => "settled",
    };
}
