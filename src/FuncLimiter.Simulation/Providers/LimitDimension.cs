namespace FuncLimiter.Simulation.Providers;

/// <summary>What a provider's limit counts.</summary>
public enum LimitDimension
{
    /// <summary>Calls.</summary>
    Requests,

    /// <summary>Tokens, input and output together.</summary>
    Tokens,

    /// <summary>Uncached input tokens.</summary>
    InputTokens,

    /// <summary>Output tokens.</summary>
    OutputTokens,

    /// <summary>Calls under way at once.</summary>
    Concurrent,
}
