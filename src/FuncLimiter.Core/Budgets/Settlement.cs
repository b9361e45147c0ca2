namespace FuncLimiter.Core.Budgets;

/// <summary>What replaces a reservation once a call is over.</summary>
/// <param name="Provider">What the provider counted, by its own rule: the charge of the account and the deployment.</param>
/// <param name="Consumer">What was really used: the charge of the tenant and the user.</param>
public readonly record struct Settlement(Charge Provider, Charge Consumer)
{
    /// <summary>The tokens used; null where they are not known. Needed where the provider charges by another rule than it documents.</summary>
    public TokenUsage? Usage { get; init; }
}

/// <summary>What a call really used, in tokens, normalised over providers.</summary>
/// <param name="InputTokens">All input tokens, cache reads and cache writes included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
/// <param name="CacheReadTokens">Input tokens read from a prompt cache.</param>
/// <param name="CacheWriteTokens">Input tokens written to a prompt cache.</param>
/// <param name="ReasoningTokens">Output tokens spent on reasoning.</param>
public readonly record struct TokenUsage(
    long InputTokens, long OutputTokens, long CacheReadTokens = 0, long CacheWriteTokens = 0, long ReasoningTokens = 0)
{
    /// <summary>Input and output tokens together.</summary>
    public long TotalTokens => InputTokens + OutputTokens;
}
