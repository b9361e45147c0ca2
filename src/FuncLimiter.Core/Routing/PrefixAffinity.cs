using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Routing;

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
