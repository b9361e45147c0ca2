namespace FuncLimiter.Core.Pacing;

/// <summary>How long to leave a deployment alone after a failure that came without a hint.</summary>
/// <param name="Base">The delay that the first failure is worth, before chance; above zero.</param>
/// <param name="Cap">The longest delay; at least <paramref name="Base"/>.</param>
public sealed record BackoffPolicy(TimeSpan Base, TimeSpan Cap)
{
    /// <summary>The shortest delay that chance may draw, from zero to <see cref="Base"/>.</summary>
    public TimeSpan Floor { get; init; }

    /// <summary>How chance is drawn.</summary>
    public BackoffJitter Jitter { get; init; } = BackoffJitter.Full;

    /// <summary>Names every value that is out of its range.</summary>
    internal IEnumerable<string> Mistakes(string name)
    {
        if (Base <= TimeSpan.Zero)
            yield return $"{name}.{nameof(Base)} must be above zero.";
        if (Cap < Base)
            yield return $"{name}.{nameof(Cap)} must be at least {nameof(Base)}.";
        if (Floor < TimeSpan.Zero || Floor > Base)
            yield return $"{name}.{nameof(Floor)} must lie between zero and {nameof(Base)}.";
        if (!Enum.IsDefined(Jitter))
            yield return $"{name}.{nameof(Jitter)} must be {nameof(BackoffJitter.Full)} or {nameof(BackoffJitter.Decorrelated)}.";
    }
}
