using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// Looks for the place that can serve a call now: of the targets the one with most of the prompt in its cache, else the one with the most
/// headroom; then the first fallback. Smaller models come first for work that belongs there or while the targets are under pressure, and last for
/// other work that may go there.
/// </summary>
internal ref struct PlaceSearch(Lane lane, Call call, long pass, Instant now)
{
    /// <summary>When the first of the places that could not serve it now will; <see cref="Instant.Never"/> for none.</summary>
    public Instant First { get; private set; } = Instant.Never;

    /// <summary>Which that is; -1 for none.</summary>
    public int FirstPlace { get; private set; } = -1;

    /// <summary>Why the place found was taken.</summary>
    public RouteChoice Choice { get; private set; }

    /// <summary>The place; -1 where none can serve it now.</summary>
    public int Find()
    {
        var isDiverted = call.Diversion != Diversion.Never && lane.Pressure is { } pressure
            && (pressure.Look(LeastUse(), now) || call.Diversion == Diversion.Always);
        if (isDiverted && MostFree(lane.Smaller, lane.Places.Length, null) is >= 0 and var smaller)
        {
            Choice = RouteChoice.Diverted;
            return smaller;
        }

        var affinity = call.Prefixes.Count > 0 ? lane.Affinity : null;
        if (MostFree(0, lane.Targets, affinity) is >= 0 and var target)
        {
            Choice = affinity?.Cached(call.Prefixes, target, now) > 0 ? RouteChoice.Affinity : RouteChoice.Headroom;
            return target;
        }

        for (var i = lane.Targets; i < lane.Smaller; i++)
        {
            if (IsFree(i))
            {
                Choice = RouteChoice.Fallback;
                return i;
            }
        }

        Choice = RouteChoice.Diverted;
        return isDiverted ? -1 : MostFree(lane.Smaller, lane.Places.Length, null);
    }

    // Of the places in a range that are free the one with the most headroom, those with more of the prompt in their cache first.
    private int MostFree(int from, int to, PrefixAffinity? affinity)
    {
        var (best, bestUse) = (-1, double.MaxValue);
        for (var i = from; i < to; i++)
        {
            if (!IsFree(i))
            {
                continue;
            }

            var use = to - from > 1 ? lane.Places[i].Utilization(now) - (2 * (affinity?.Cached(call.Prefixes, i, now) ?? 0)) : 0;
            (best, bestUse) = use < bestUse ? (i, use) : (best, bestUse);
        }

        return best;
    }

    private bool IsFree(int i)
    {
        var place = lane.Places[i];
        if ((call.Excluded >> i & 1) != 0 || place.ClaimedInPass == pass)
        {
            return false;
        }

        var fits = call.Priority == Priority.Background && !lane.Pool.IsOwed(Priority.Background)
            ? place.FitsBesideOthersAt(call.ChargeAt(i), call.Certain(i), now)
            : place.FitsAt(call.ChargeAt(i), call.Certain(i), now);
        fits = lane.Targets > 1 && call.Excluded == 0 ? Instant.Max(fits, place.HeldBackUntil) : fits;
        if (fits <= now)
        {
            return true;
        }

        (First, FirstPlace) = fits < First || FirstPlace < 0 ? (fits, i) : (First, FirstPlace);
        return false;
    }

    private readonly double LeastUse()
    {
        var least = 1.0;
        for (var i = 0; i < lane.Targets; i++)
        {
            least = Math.Min(least, lane.Places[i].Utilization(now));
        }

        return least;
    }
}

/// <summary>
/// Which places of a route have the beginnings of which prompts in their caches, as far as can be known from what was sent there. A table
/// of fixed size: of two beginnings that meet in one slot the later is kept, which costs a cache hit, never a wrong answer.
/// </summary>
internal sealed class PrefixAffinity
{
    /// <summary>How long providers keep a prompt cached after its last use: five minutes at OpenAI and Anthropic (prompt caching guides).</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const int Slots = 8192;
    private (long Prefix, ulong Places, Instant UsedAt)[]? slots;

    /// <summary>How many of a prompt's beginnings a place has.</summary>
    /// <param name="prefixes">Hashes of the beginnings, the shortest first.</param>
    /// <param name="place">The place.</param>
    /// <param name="now">Now.</param>
    public int Cached(IReadOnlyList<long> prefixes, int place, Instant now)
    {
        var longest = prefixes.Count;
        while (longest > 0 && (PlacesOf(prefixes[longest - 1], now) >> place & 1) == 0)
        {
            longest--;
        }

        return longest;
    }

    private ulong PlacesOf(long prefix, Instant now)
    {
        if (slots is null)
        {
            return 0;
        }

        ref readonly var slot = ref slots[SlotOf(prefix)];
        return slot.Prefix == prefix && now - slot.UsedAt < Lifetime ? slot.Places : 0;
    }

    /// <summary>A call with such beginnings goes to a place.</summary>
    public void Note(IReadOnlyList<long> prefixes, int place, Instant now)
    {
        for (var i = 0; i < prefixes.Count; i++)
        {
            slots ??= new (long, ulong, Instant)[Slots];
            slots[SlotOf(prefixes[i])] = (prefixes[i], PlacesOf(prefixes[i], now) | 1UL << place, now);
        }
    }

    private static int SlotOf(long prefix) => (int)((ulong)prefix * 0x9E3779B97F4A7C15 >> 51);
}
