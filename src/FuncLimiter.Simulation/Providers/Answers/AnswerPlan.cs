using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>An answer before it is written: how long it is and what its usage says.</summary>
internal sealed record AnswerPlan
{
    public const string ToolArguments = """{"location":"Paris"}""";
    private const int ToolCallTokens = 16;
    private const int MostTokens = 131_072;

    public required ReceivedRequest Request { get; init; }

    public required string Model { get; init; }

    /// <summary>Unique at this double; ids of all kinds are made from it.</summary>
    public required string Id { get; init; }

    public required long CreatedSeconds { get; init; }

    /// <summary>All tokens of the prompt, cached ones included.</summary>
    public required long PromptTokens { get; init; }

    public long CacheRead { get; init; }

    public long CacheWritten { get; init; }

    /// <summary>Output tokens of one choice.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Whether the request's bound cut the answer off.</summary>
    public bool CutOff { get; init; }

    public string? Tool => Request.CallTool ? Request.Tool : null;

    public int Choices => Request.Choices;

    /// <summary>Output tokens of all choices.</summary>
    public long AllOutputTokens => (long)OutputTokens * Choices;

    /// <summary>Input that was neither read from the cache nor written to it.</summary>
    public long PlainInput => Math.Max(0, PromptTokens - CacheRead - CacheWritten);

    /// <summary>How long one choice is: as asked, or drawn.</summary>
    public static (int Tokens, bool CutOff) Length(ReceivedRequest request, OutputOptions output, ulong seed)
    {
        if (request.Operation is RequestOperation.Embeddings or RequestOperation.CountTokens)
        {
            return (0, false);
        }

        var bound = (int)Math.Min(request.MaxTokens ?? MostTokens, MostTokens);
        if (request.CallTool)
        {
            return (Math.Min(ToolCallTokens, bound), false);
        }

        if (output.Draw is not var (shortest, longest))
        {
            return (request.MaxTokens is null ? output.Default : bound, false);
        }

        var drawn = shortest + (int)(Mix(request.Fingerprint ^ seed) % (ulong)Math.Max(1, longest - shortest + 1));
        return (Math.Min(drawn, bound), drawn > bound);
    }

    /// <summary>SplitMix64's finalizer: neighbouring inputs give unrelated outputs.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

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
