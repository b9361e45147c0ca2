using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>The ids that <c>provider</c> may have, and which of them can be called.</summary>
internal static class KnownProviders
{
    public static readonly IReadOnlyList<string> Ids =
    [
        "openai", "azure-openai", "anthropic", "gemini", "vertex", "bedrock", "mistral", "groq", "cohere", "xai", "deepseek",
        "openrouter", "together", "fireworks", "cerebras", "perplexity", "openai-compatible",
    ];

    /// <summary>Those whose rules this version has.</summary>
    public static IEnumerable<string> Callable => Ids.Where(CanCall);

    public static bool CanCall(string id) => ProviderCatalog.TryGet(id, out _);

    /// <summary>The provider's usual base address; null where every account has its own.</summary>
    public static Uri? DefaultEndpoint(string id) => ProviderCatalog.TryGet(id, out var provider) ? provider.DefaultEndpoint : null;

    /// <summary>True where servers without any key are common: models on one's own machines.</summary>
    public static bool MayLackKey(string id) => id == "openai-compatible";
}
