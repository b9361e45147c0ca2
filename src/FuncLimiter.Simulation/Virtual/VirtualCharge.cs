using FuncLimiter.Simulation.Providers.Enforcement;

namespace FuncLimiter.Simulation.Virtual;

/// <summary>What a call takes of a provider's limits, or gives back where an amount is negative.</summary>
/// <param name="Requests">Calls.</param>
/// <param name="Tokens">Tokens, input and output together.</param>
/// <param name="InputTokens">Input tokens that count.</param>
/// <param name="OutputTokens">Output tokens.</param>
/// <param name="Concurrent">Calls under way at once.</param>
public readonly record struct VirtualCharge(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent)
{
    internal Demand Demand => new(Requests, Tokens, InputTokens, OutputTokens, Concurrent);
}
