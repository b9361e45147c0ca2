namespace FuncLimiter.Core.Pacing;

/// <summary>
/// The arithmetic of delays; chance comes in as a number. Worked, with base 1 s, cap 30 s, no floor and a chance of 0.5:
/// full jitter gives 0.5, 1, 2, 4, 8, 15, 15 s; decorrelated jitter gives 2 s after nothing, 3.5 s after 2 s, and never more than 30 s.
/// A hint of 20 s with a jitter of 10 % and a chance of 0.5 is followed after 21 s.
/// </summary>
internal static class Backoff
{
    /// <summary>The delay after a failure without a hint.</summary>
    /// <param name="policy">The bounds.</param>
    /// <param name="attempt">How many attempts have failed; at least 1.</param>
    /// <param name="previous">The delay before this one; zero where there was none.</param>
    /// <param name="chance">A number from 0 up to but without 1.</param>
    internal static TimeSpan Delay(BackoffPolicy policy, int attempt, TimeSpan previous, double chance) => policy.Jitter switch
    {
        BackoffJitter.Decorrelated => Between(
            policy.Base, TimeSpan.FromTicks(Math.Min(policy.Cap.Ticks, 3 * Math.Clamp(previous.Ticks, policy.Base.Ticks, policy.Cap.Ticks))), chance),
        _ => Between(policy.Floor, Exponential(policy, attempt), chance),
    };

    /// <summary>Base, twice the base, four times the base and so on, never above the cap.</summary>
    internal static TimeSpan Exponential(BackoffPolicy policy, int attempt)
    {
        var delay = policy.Base.Ticks * Math.Pow(2, Math.Max(0, attempt - 1));
        return delay >= policy.Cap.Ticks ? policy.Cap : TimeSpan.FromTicks((long)delay);
    }

    /// <summary>A provider's hint, capped, with some time added and none taken off.</summary>
    /// <param name="hint">What the provider said; below zero counts as zero.</param>
    /// <param name="policy">The cap and the jitter.</param>
    /// <param name="chance">A number from 0 up to but without 1.</param>
    internal static TimeSpan Hinted(TimeSpan hint, HintPolicy policy, double chance)
    {
        var capped = TimeSpan.FromTicks(Math.Clamp(hint.Ticks, 0, policy.Cap.Ticks));
        var jitter = TimeSpan.FromTicks(Math.Clamp((long)(capped.Ticks * policy.JitterShare), policy.MinJitter.Ticks, policy.MaxJitter.Ticks));
        return capped + Between(TimeSpan.Zero, jitter, chance);
    }

    /// <summary>A number from 0 up to but without 1, the same for the same seed and draw (SplitMix64).</summary>
    internal static double Chance(ulong seed, int draw)
    {
        unchecked
        {
            var bits = seed + 0x9E3779B97F4A7C15UL * ((ulong)(uint)draw + 1);
            bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
            return ((bits ^ (bits >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }

    private static TimeSpan Between(TimeSpan low, TimeSpan high, double chance) =>
        low + TimeSpan.FromTicks((long)((high - low).Ticks * chance));
}

/// <summary>How long to leave a deployment alone after a failure that came without a hint.</summary>
/// <param name="Base">The delay that the first failure is worth, before chance; above zero.</param>
/// <param name="Cap">The longest delay; at least <paramref name="Base"/>.</param>
public sealed record BackoffPolicy(TimeSpan Base, TimeSpan Cap)
{
    /// <summary>The shortest delay that chance may draw, from zero to <see cref="Base"/>.</summary>
    public TimeSpan Floor { get; init; }

    /// <summary>How chance is drawn.</summary>
    public BackoffJitter Jitter { get; init; } = BackoffJitter.Full;
}

/// <summary>How chance spreads the retries of many callers.</summary>
public enum BackoffJitter
{
    /// <summary>Anywhere between the floor and the exponential delay of that attempt.</summary>
    Full,

    /// <summary>Anywhere between the base and three times the delay before, so that a call's delays don't march in step with its attempts.</summary>
    Decorrelated,
}
