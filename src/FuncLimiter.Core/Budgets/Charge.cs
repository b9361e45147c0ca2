namespace FuncLimiter.Core.Budgets;

/// <summary>What one call costs a budget, by dimension. Zero where a dimension is not touched.</summary>
/// <param name="Requests">Calls, usually 1.</param>
/// <param name="Tokens">Tokens, input and output together, by the provider's own rule.</param>
/// <param name="InputTokens">Input tokens, by the provider's own rule.</param>
/// <param name="OutputTokens">Output tokens.</param>
/// <param name="Concurrent">Places among the calls under way, usually 1 while it runs and 0 afterwards.</param>
public readonly record struct Charge(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent)
{
    /// <summary>Costs nothing.</summary>
    public static readonly Charge None;

    /// <summary>The amount of one dimension.</summary>
    public long this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        _ => Concurrent,
    };

    /// <summary>The sum, dimension by dimension.</summary>
    public static Charge operator +(in Charge left, in Charge right) => new(
        left.Requests + right.Requests,
        left.Tokens + right.Tokens,
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.Concurrent + right.Concurrent);

    /// <summary>The difference, dimension by dimension; may be negative.</summary>
    public static Charge operator -(in Charge left, in Charge right) => new(
        left.Requests - right.Requests,
        left.Tokens - right.Tokens,
        left.InputTokens - right.InputTokens,
        left.OutputTokens - right.OutputTokens,
        left.Concurrent - right.Concurrent);
}
