using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>How text becomes tokens: as the provider guesses on arrival, and as its tokenizer counts.</summary>
internal static class TokenCount
{
    private const double EstimatedCharactersPerToken = 4;
    private const int TokensPerMessage = 3;
    private const int TokensPerImage = 765;

    /// <summary>What a provider assumes from the number of characters, before any tokenizer ran.</summary>
    public static long Estimate(ReceivedRequest request) =>
        (long)Math.Ceiling(request.Characters / EstimatedCharactersPerToken) + request.TokenIds + (request.Images * (long)TokensPerImage);

    /// <summary>What the usage will say: the text, and a frame around each message.</summary>
    public static long Prompt(ReceivedRequest request, double charactersPerToken) =>
        (long)Math.Ceiling(request.Characters / charactersPerToken) + request.TokenIds + (request.Images * (long)TokensPerImage)
        + (request.Operation == RequestOperation.Embeddings ? 0 : TokensPerMessage * (long)Math.Max(1, request.Messages));
}
