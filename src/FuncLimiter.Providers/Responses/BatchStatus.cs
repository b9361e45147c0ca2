namespace FuncLimiter.Providers.Responses;

/// <summary>How far a batch at a provider is.</summary>
/// <param name="State">The provider's own word for its state.</param>
/// <param name="Terminal">True when it will not change any more.</param>
/// <param name="Total">Requests in the batch.</param>
/// <param name="Succeeded">Requests answered.</param>
/// <param name="Failed">Requests that ended without an answer, the cancelled and the expired included.</param>
public sealed record BatchStatus(string State, bool Terminal, long Total, long Succeeded, long Failed);
