namespace FuncLimiter.Providers.Translation;

/// <summary>What a request names that is not the caller's to say.</summary>
/// <param name="Model">The model at the provider.</param>
public sealed record RequestTerms(string Model)
{
    /// <summary>The name under which the provider's chat completions take the bound on output tokens.</summary>
    public string MaxTokensField { get; init; } = "max_tokens";

    /// <summary>Whether the provider's chat completions take the caller's name for its own user; one that does not refuses it.</summary>
    public bool NamesEndUser { get; init; } = true;

    /// <summary>Whether the provider tells a stream's usage only where it is asked to.</summary>
    public bool AsksForStreamUsage { get; init; }
}
