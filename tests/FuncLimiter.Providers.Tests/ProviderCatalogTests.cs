using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests;

public class ProviderCatalogTests
{
    [Fact]
    public void Ids_AreThoseOfTheConfiguration() => Assert.Equal(
        [
            "anthropic", "azure-openai", "bedrock", "cerebras", "cohere", "deepseek", "fireworks", "gemini", "groq", "mistral", "openai",
            "openai-compatible", "openrouter", "perplexity", "together", "vertex", "xai",
        ],
        ProviderCatalog.Ids.Order(StringComparer.Ordinal));

    [Fact]
    public void Get_OfAnUnknownName_SaysWhichAreKnown()
    {
        var thrown = Assert.Throws<KeyNotFoundException>(() => ProviderCatalog.Get("open-ai"));

        Assert.Contains("azure-openai", thrown.Message, StringComparison.Ordinal);
        Assert.False(ProviderCatalog.TryGet("open-ai", out _));
    }

    [Fact]
    public void Address_OfWhatIsNotOffered_SaysSo()
    {
        var target = new ProviderTarget(new Uri("https://api.test"), "key", "m", null);
        foreach (var provider in ProviderCatalog.Ids.Select(ProviderCatalog.Get))
        {
            foreach (var operation in Enum.GetValues<Operation>())
            {
                var thrown = Record.Exception(() => provider.Address(target, operation, ""));
                Assert.Equal(provider.Offers(operation), thrown is null);
                Assert.True(thrown is null or NotSupportedException);
            }
        }
    }
}
