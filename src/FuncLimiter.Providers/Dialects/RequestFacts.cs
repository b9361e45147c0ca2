namespace FuncLimiter.Providers.Dialects;

/// <summary>What a limiter must know of a request. Read from the raw bytes, which stay as they are.</summary>
/// <param name="Operation">What is asked.</param>
/// <param name="Model">The model named in the body.</param>
/// <param name="ModelOffset">Where the model's JSON string begins in the body, in bytes, its quotes included.</param>
/// <param name="ModelLength">How long that string is, in bytes, its quotes included.</param>
/// <param name="Stream">Whether the answer is to be streamed.</param>
/// <param name="MaxOutputTokens">The caller's own bound on output tokens of one choice, if it set one.</param>
/// <param name="Choices">How many answers are asked for (<c>n</c>, <c>best_of</c>); at least 1.</param>
/// <param name="TextBytes">UTF-8 bytes of prompt text, tools and system included, images and other encoded media left out.</param>
/// <param name="Images">How many images the prompt holds.</param>
public sealed record RequestFacts(
    Operation Operation,
    string Model,
    int ModelOffset,
    int ModelLength,
    bool Stream,
    long? MaxOutputTokens,
    int Choices,
    int TextBytes,
    int Images)
{
    /// <summary>A hash of the prompt's beginning, the same for prompts that share it; 0 where it is too short for providers to cache.</summary>
    public long Prefix { get; init; }
}
