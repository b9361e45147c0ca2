using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Server.Planning;

/// <summary>Amounts by dimension, of parts of calls too. Calls at once are held seconds; money is in billionths of a US dollar.</summary>
internal readonly record struct Amounts(double Requests, double Tokens, double InputTokens, double OutputTokens, double HeldSeconds, double Cost)
{
    public double this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        Dimension.Concurrent => HeldSeconds,
        _ => Cost,
    };

    public static Amounts operator +(in Amounts left, in Amounts right) => new(
        left.Requests + right.Requests,
        left.Tokens + right.Tokens,
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.HeldSeconds + right.HeldSeconds,
        left.Cost + right.Cost);

    public static Amounts operator *(in Amounts amounts, double times) => new(
        amounts.Requests * times,
        amounts.Tokens * times,
        amounts.InputTokens * times,
        amounts.OutputTokens * times,
        amounts.HeldSeconds * times,
        amounts.Cost * times);

    /// <summary>Each amount with itself.</summary>
    public Amounts Squared() => new(
        Requests * Requests, Tokens * Tokens, InputTokens * InputTokens, OutputTokens * OutputTokens, HeldSeconds * HeldSeconds, Cost * Cost);
}
