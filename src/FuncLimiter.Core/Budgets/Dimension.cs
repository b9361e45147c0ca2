namespace FuncLimiter.Core.Budgets;

/// <summary>What a limit counts.</summary>
public enum Dimension
{
    /// <summary>Calls.</summary>
    Requests,

    /// <summary>Tokens as the provider adds them up, input and output together.</summary>
    Tokens,

    /// <summary>Input tokens that the provider counts (cached ones often are free).</summary>
    InputTokens,

    /// <summary>Output tokens.</summary>
    OutputTokens,

    /// <summary>Calls under way at once.</summary>
    Concurrent,

    /// <summary>Money, in billionths of a US dollar.</summary>
    Cost,
}
