using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>How fast jobs' calls end, measured over the last of them, and when limits let them out: the base of every estimate.</summary>
internal sealed class JobPace(TimeProvider time, ILimiter? limiter = null)
{
    private const int MostTenants = 1_000;

    private static readonly TimeSpan Notable = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Ends _all = new();
    private readonly Dictionary<string, Ends> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AdmissionRequest> _expected = new(StringComparer.Ordinal);

    /// <summary>A tenant's call has ended.</summary>
    public void Ended(string tenant)
    {
        var isHeldUp = LetOut(tenant, 0) is not null;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _all.Add(now, isHeldUp: false);
            Of(_own, tenant, static () => new()).Add(now, isHeldUp);
        }
    }

    /// <summary>A tenant has calls like this one.</summary>
    public void Expect(AdmissionRequest request)
    {
        lock (_gate)
        {
            Of(_expected, request.Tenant, () => request);
            _expected[request.Tenant] = request;
        }
    }

    /// <summary>
    /// How long a number of calls take: a tenant's own at its own pace, so that others' limits change nothing; at the pace of all where too few of
    /// its own have ended lately, and null where too few of any have.
    /// </summary>
    public TimeSpan? Foresee(string tenant, int own, int all)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            return (_own.TryGetValue(tenant, out var ends) ? ends.Foresee(own, now) : null) ?? _all.Foresee(all, now);
        }
    }

    /// <summary>When limits let a tenant's call out that goes after so many of its own; null where they let it out at once, or nobody knows.</summary>
    public DateTimeOffset? LetOut(string tenant, int after)
    {
        AdmissionRequest? like;
        lock (_gate)
        {
            like = _expected.GetValueOrDefault(tenant);
        }

        return like is not null && limiter?.Foresee(like with { Ahead = after }) is { IsKnown: true } at && at.ToDateTimeOffset() is var turn && turn > time.GetUtcNow() + Notable
            ? turn
            : null;
    }

    // Of more tenants than anybody looks at, all begin anew.
    private static T Of<T>(Dictionary<string, T> byTenant, string tenant, Func<T> make)
    {
        if (!byTenant.TryGetValue(tenant, out var found))
        {
            if (byTenant.Count >= MostTenants)
            {
                byTenant.Clear();
            }

            byTenant.Add(tenant, found = make());
        }

        return found;
    }

    /// <summary>When calls ended of late, and how much of the time before each of them no limit held them up: that is counted by the limits.</summary>
    private sealed class Ends
    {
        private const int Most = 512;
        private const int Least = 3;

        /// <summary>Older ends say nothing of the present.</summary>
        private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

        private readonly Queue<(DateTimeOffset At, TimeSpan Free)> _ends = new();
        private (DateTimeOffset At, TimeSpan Free) _last;
        private bool _isHeldUp;

        public void Add(DateTimeOffset now, bool isHeldUp)
        {
            if (_ends.Count == Most)
            {
                _ends.Dequeue();
            }

            _last = (now, Free(now));
            _isHeldUp = isHeldUp;
            _ends.Enqueue(_last);
        }

        public TimeSpan? Foresee(int calls, DateTimeOffset now)
        {
            while (_ends.TryPeek(out var oldest) && now - oldest.At > Longest)
            {
                _ends.Dequeue();
            }

            // The present counts as the end of the span: a pace that has stalled slows the estimate down by itself.
            return _ends.Count >= Least && now > _ends.Peek().At ? (Free(now) - _ends.Peek().Free) / (_ends.Count - 1) * calls : null;
        }

        private TimeSpan Free(DateTimeOffset now) => _last.Free + (_isHeldUp || _last.At == default ? TimeSpan.Zero : now - _last.At);
    }
}
