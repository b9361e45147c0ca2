namespace FuncLimiter.Providers.Responses;

/// <summary>What a response says, or its usage implies, that the provider's limiter counted. Null where it is unknown.</summary>
/// <param name="Tokens">Tokens of input and output together.</param>
/// <param name="InputTokens">Input tokens.</param>
/// <param name="OutputTokens">Output tokens.</param>
public sealed record ChargedTokens(long? Tokens = null, long? InputTokens = null, long? OutputTokens = null);
