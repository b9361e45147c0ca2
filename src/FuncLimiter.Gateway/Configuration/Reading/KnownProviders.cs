namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>The providers' ids, with the base address that each one's documentation names.</summary>
internal static class KnownProviders
{
    // Null where every account has its own address.
    private static readonly Dictionary<string, string?> Endpoints = new(StringComparer.Ordinal)
    {
        ["openai"] = "https://api.openai.com",
        ["azure-openai"] = null,
        ["anthropic"] = "https://api.anthropic.com",
        ["gemini"] = "https://generativelanguage.googleapis.com",
        ["vertex"] = "https://aiplatform.googleapis.com",
        ["bedrock"] = null,
        ["mistral"] = "https://api.mistral.ai",
        ["groq"] = "https://api.groq.com/openai",
        ["cohere"] = "https://api.cohere.com",
        ["xai"] = "https://api.x.ai",
        ["deepseek"] = "https://api.deepseek.com",
        ["openrouter"] = "https://openrouter.ai/api",
        ["together"] = "https://api.together.xyz",
        ["fireworks"] = "https://api.fireworks.ai/inference",
        ["cerebras"] = "https://api.cerebras.ai",
        ["perplexity"] = "https://api.perplexity.ai",
        ["openai-compatible"] = null,
    };

    public static IReadOnlyCollection<string> Ids => Endpoints.Keys;

    public static bool Contains(string id) => Endpoints.ContainsKey(id);

    public static Uri? DefaultEndpoint(string id) => Endpoints.TryGetValue(id, out var endpoint) && endpoint is not null ? new Uri(endpoint) : null;

    /// <summary>True where servers without any key are common: models on one's own machines.</summary>
    public static bool MayLackKey(string id) => id == "openai-compatible";
}
