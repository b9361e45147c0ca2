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

    private const int Slots = 4096;
    private (long Prefix, ulong Places, Instant UsedAt)[]? slots;

    /// <summary>The places, as bits, that a beginning was sent to of late.</summary>
    /// <param name="prefix">A hash of the prompt's beginning; 0 for none.</param>
    /// <param name="now">Now.</param>
    public ulong PlacesOf(long prefix, Instant now)
    {
        if (prefix == 0 || slots is null)
        {
            return 0;
        }

        ref readonly var slot = ref slots[SlotOf(prefix)];
        return slot.Prefix == prefix && now - slot.UsedAt < Lifetime ? slot.Places : 0;
    }

    /// <summary>A call with such a beginning goes to a place.</summary>
    public void Note(long prefix, int place, Instant now)
    {
        if (prefix != 0)
        {
            slots ??= new (long, ulong, Instant)[Slots];
            slots[SlotOf(prefix)] = (prefix, PlacesOf(prefix, now) | 1UL << place, now);
        }
    }

    private static int SlotOf(long prefix) => (int)((ulong)prefix * 0x9E3779B97F4A7C15 >> 52);
}
