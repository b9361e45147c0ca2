using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>What is spent, or may be: an amount of each thing that a spending budget counts.</summary>
/// <param name="Cost">Money, in billionths of a US dollar.</param>
/// <param name="Tokens">Tokens, input and output together.</param>
/// <param name="Calls">Calls.</param>
public readonly record struct SpendAmount(long Cost, long Tokens, long Calls)
{
    /// <summary>More than anybody spends: no bound.</summary>
    public const long Unbounded = long.MaxValue / 4;

    /// <summary>Billionths of a dollar in one.</summary>
    public const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>Nothing.</summary>
    public static readonly SpendAmount None;

    /// <summary>What a call's charge comes to.</summary>
    public static SpendAmount Of(in Charge charge) => new(charge.Cost, charge.Tokens, charge.Requests);

    /// <summary>Whether no part is above that of another.</summary>
    public bool FitsIn(in SpendAmount whole) => Cost <= whole.Cost && Tokens <= whole.Tokens && Calls <= whole.Calls;

    /// <summary>Whether every part is below that of another.</summary>
    public bool IsBelow(in SpendAmount whole) => Cost < whole.Cost && Tokens < whole.Tokens && Calls < whole.Calls;

    /// <summary>The first part that is above that of another.</summary>
    public Dimension Exceeds(in SpendAmount whole) =>
        Cost > whole.Cost ? Dimension.Cost : Tokens > whole.Tokens ? Dimension.Tokens : Dimension.Requests;

    /// <summary>Whether some part that is bounded is all of a whole, or more.</summary>
    public bool Reaches(in SpendAmount whole) => !IsBelow(whole);

    /// <summary>The first part that is all of a whole, or more.</summary>
    public Dimension ReachesFirst(in SpendAmount whole) =>
        Cost >= whole.Cost ? Dimension.Cost : Tokens >= whole.Tokens ? Dimension.Tokens : Dimension.Requests;

    /// <summary>The smaller of each part.</summary>
    public static SpendAmount Min(in SpendAmount left, in SpendAmount right) =>
        new(Math.Min(left.Cost, right.Cost), Math.Min(left.Tokens, right.Tokens), Math.Min(left.Calls, right.Calls));

    /// <summary>The larger of each part.</summary>
    public static SpendAmount Max(in SpendAmount left, in SpendAmount right) =>
        new(Math.Max(left.Cost, right.Cost), Math.Max(left.Tokens, right.Tokens), Math.Max(left.Calls, right.Calls));

    /// <summary>A share of each part, rounded down; what has no bound keeps none.</summary>
    /// <param name="share">From 0 to 1.</param>
    public SpendAmount Times(double share) => new(Part(Cost, share), Part(Tokens, share), Part(Calls, share));

    /// <summary>The sum, part by part.</summary>
    public static SpendAmount operator +(in SpendAmount left, in SpendAmount right) =>
        new(left.Cost + right.Cost, left.Tokens + right.Tokens, left.Calls + right.Calls);

    /// <summary>The difference, part by part; may be negative.</summary>
    public static SpendAmount operator -(in SpendAmount left, in SpendAmount right) =>
        new(left.Cost - right.Cost, left.Tokens - right.Tokens, left.Calls - right.Calls);

    private static long Part(long amount, double share) => amount >= Unbounded ? amount : (long)(amount * share);
}
