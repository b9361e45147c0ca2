using System.Numerics;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// The largest of amounts that come and go. For each power of two it remembers the largest until none of that size is left: so it is never
/// too little, and at most twice too much.
/// </summary>
internal sealed class LargestWaiting
{
    private readonly int[] counts = new int[64];
    private readonly long[] largest = new long[64];
    private ulong present;

    /// <summary>The largest; 0 where there is none.</summary>
    public long Value => present == 0 ? 0 : largest[BitOperations.Log2(present)];

    /// <summary>Counts an amount that comes (1) or goes (-1).</summary>
    public void Count(long amount, int sign)
    {
        if (amount <= 0)
        {
            return;
        }

        var power = BitOperations.Log2((ulong)amount);
        counts[power] += sign;
        largest[power] = counts[power] > 0 ? Math.Max(largest[power], amount) : 0;
        present = counts[power] > 0 ? present | (1UL << power) : present & ~(1UL << power);
    }
}
