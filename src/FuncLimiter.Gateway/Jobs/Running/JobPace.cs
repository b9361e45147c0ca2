namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>How fast jobs' calls end, measured over the last of them; the base of every estimate.</summary>
internal sealed class JobPace(TimeProvider time)
{
    private const int Most = 512;
    private const int Least = 3;

    /// <summary>Older ends say nothing of the present.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Queue<DateTimeOffset> _ends = new(Most);

    public void Ended()
    {
        lock (_gate)
        {
            if (_ends.Count == Most)
            {
                _ends.Dequeue();
            }

            _ends.Enqueue(time.GetUtcNow());
        }
    }

    /// <summary>How long a number of calls take; null where too few have ended lately to tell.</summary>
    public TimeSpan? Foresee(int calls)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            while (_ends.TryPeek(out var oldest) && now - oldest > Longest)
            {
                _ends.Dequeue();
            }

            // The present counts as the end of the span: a pace that has stalled slows the estimate down by itself.
            return _ends.Count >= Least && now - _ends.Peek() is { Ticks: > 0 } span ? span / (_ends.Count - 1) * calls : null;
        }
    }
}
