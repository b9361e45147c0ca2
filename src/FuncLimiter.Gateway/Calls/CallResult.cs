using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls;

/// <summary>How a call ended: the provider's answer, or a refusal in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers to answer with.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="Deployment">What served it, as <c>account/model</c>; null where it was refused.</param>
/// <param name="Usage">The tokens used, where known.</param>
/// <param name="Attempts">How many times a provider was asked.</param>
public sealed record CallResult(
    int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body, string? Deployment, TokenUsage? Usage, int Attempts);
