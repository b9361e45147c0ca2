using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Charging;

/// <summary>The prompt's tokens as a provider foresees them, which counts characters before it tokenizes.</summary>
internal static class CharacterEstimate
{
    private const int CharactersPerToken = 4;

    /// <summary>The larger of a quarter of the text's characters and of our own estimate, in tokens.</summary>
    public static long Of(RequestFacts request, in TokenEstimate estimate) =>
        Math.Max(estimate.InputTokens, (request.Characters + CharactersPerToken - 1) / CharactersPerToken);
}
