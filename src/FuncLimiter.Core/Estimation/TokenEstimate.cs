namespace FuncLimiter.Core.Estimation;

/// <summary>The tokens foreseen for a call.</summary>
/// <param name="InputTokens">Input tokens, cached ones included.</param>
/// <param name="OutputTokens">Output tokens, never above what the caller allowed.</param>
/// <param name="CachedInputTokens">The part of the input expected to be read from the provider's prompt cache.</param>
public readonly record struct TokenEstimate(long InputTokens, long OutputTokens, long CachedInputTokens = 0);
