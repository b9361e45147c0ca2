using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace FuncLimiter.Providers;

/// <summary>The providers that FuncLimiter knows, by the name used in configuration.</summary>
public static class ProviderCatalog
{
    private static readonly FrozenDictionary<string, Provider> Known = new Provider[]
    {
        new OpenAIProvider(),
        new AzureOpenAIProvider(),
        new AnthropicProvider(),
        new GeminiProvider(),
        new VertexProvider(),
        new BedrockProvider(),
        new MistralProvider(),
        new GroqProvider(),
        new CohereProvider(),
        new XaiProvider(),
        new DeepSeekProvider(),
        new OpenRouterProvider(),
        new TogetherProvider(),
        new FireworksProvider(),
        new CerebrasProvider(),
        new PerplexityProvider(),
        new OpenAICompatibleProvider(),
    }.ToFrozenDictionary(provider => provider.Id, StringComparer.Ordinal);

    /// <summary>Every name, in no particular order.</summary>
    public static IReadOnlyCollection<string> Ids => Known.Keys;

    /// <summary>The provider of a name; an unknown one throws <see cref="KeyNotFoundException"/>.</summary>
    /// <param name="id">For example <c>azure-openai</c>.</param>
    public static Provider Get(string id) =>
        Known.GetValueOrDefault(id) ?? throw new KeyNotFoundException($"'{id}' is not a provider; known are {string.Join(", ", Ids.Order(StringComparer.Ordinal))}.");

    /// <summary>The provider of a name; false where it is unknown.</summary>
    /// <param name="id">For example <c>azure-openai</c>.</param>
    /// <param name="provider">The provider.</param>
    public static bool TryGet(string id, [NotNullWhen(true)] out Provider? provider) => Known.TryGetValue(id, out provider);
}
