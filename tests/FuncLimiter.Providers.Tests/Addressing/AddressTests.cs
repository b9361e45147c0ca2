using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Addressing;

public class AddressTests
{
    [Theory]
    [InlineData("openai", "https://api.openai.com", Operation.ChatCompletions, "", "https://api.openai.com/v1/chat/completions")]
    [InlineData("openai", "https://proxy.test/base/v1/", Operation.Responses, "?a=1", "https://proxy.test/base/v1/responses?a=1")]
    [InlineData("openai", "https://api.openai.com", Operation.Embeddings, "?api-version=2024-10-21&b=2", "https://api.openai.com/v1/embeddings?b=2")]
    [InlineData("azure-openai", "https://r.openai.azure.com", Operation.ChatCompletions, "", "https://r.openai.azure.com/openai/deployments/my%20model/chat/completions?api-version=2024-10-21")]
    [InlineData("azure-openai", "https://r.openai.azure.com/", Operation.ChatCompletions, "?api-version=2025-01-01-preview", "https://r.openai.azure.com/openai/deployments/my%20model/chat/completions?api-version=2025-01-01-preview")]
    [InlineData("azure-openai", "https://r.openai.azure.com", Operation.Responses, "?api-version=2024-10-21", "https://r.openai.azure.com/openai/v1/responses")]
    [InlineData("azure-openai", "https://r.openai.azure.com/openai/v1", Operation.Embeddings, "", "https://r.openai.azure.com/openai/v1/embeddings")]
    [InlineData("anthropic", "https://api.anthropic.com", Operation.Messages, "?beta=true", "https://api.anthropic.com/v1/messages?beta=true")]
    [InlineData("anthropic", "https://api.anthropic.com/v1", Operation.CountTokens, "", "https://api.anthropic.com/v1/messages/count_tokens")]
    [InlineData("gemini", "https://generativelanguage.googleapis.com", Operation.ChatCompletions, "", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions")]
    [InlineData("vertex", "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi", Operation.ChatCompletions, "", "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions")]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", Operation.ChatCompletions, "", "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions")]
    [InlineData("bedrock", "https://bedrock-mantle.us-east-1.api.aws", Operation.Responses, "", "https://bedrock-mantle.us-east-1.api.aws/v1/responses")]
    [InlineData("groq", "https://api.groq.com/openai/v1", Operation.ChatCompletions, "", "https://api.groq.com/openai/v1/chat/completions")]
    [InlineData("deepseek", "https://api.deepseek.com", Operation.Messages, "", "https://api.deepseek.com/anthropic/v1/messages")]
    [InlineData("openrouter", "https://openrouter.ai", Operation.ChatCompletions, "", "https://openrouter.ai/api/v1/chat/completions")]
    [InlineData("cohere", "https://api.cohere.ai", Operation.ChatCompletions, "", "https://api.cohere.ai/compatibility/v1/chat/completions")]
    [InlineData("openai-compatible", "http://127.0.0.1:8000", Operation.ChatCompletions, "", "http://127.0.0.1:8000/v1/chat/completions")]
    public void Address_IsTheProvidersOwnPath(string provider, string endpoint, Operation operation, string query, string expected) =>
        Assert.Equal(expected, Of(provider, operation, query, endpoint).Uri.AbsoluteUri);

    [Theory]
    [InlineData("openai", "Authorization", "Bearer key")]
    [InlineData("azure-openai", "api-key", "key")]
    [InlineData("gemini", "Authorization", "Bearer key")]
    public void Address_AuthenticatesInTheProvidersWay(string provider, string name, string value) =>
        Assert.Equal([new(name, value)], Of(provider, Operation.ChatCompletions, "").Headers);

    [Theory]
    [InlineData("openai", "https://api.openai.com", "m", false, "https://api.openai.com/v1/chat/completions")]
    [InlineData("azure-openai", "https://r.openai.azure.com", "m", true, "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21")]
    [InlineData("anthropic", "https://api.anthropic.com", "m", true, "https://api.anthropic.com/v1/messages")]
    [InlineData("gemini", "https://generativelanguage.googleapis.com", "gemini-x", false, "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent")]
    [InlineData("gemini", "https://generativelanguage.googleapis.com/v1beta/models", "gemini-x", true, "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse")]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-x-v1:0", false, "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-x-v1%3A0/converse")]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "meta.llama", true, "https://bedrock-runtime.us-east-1.amazonaws.com/model/meta.llama/converse-stream")]
    [InlineData("bedrock", "https://bedrock-mantle.us-east-1.api.aws", "m", true, "https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions")]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-x-v1:0", false, "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-x-v1%3A0/invoke", Operation.Messages)]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-x-v1:0", true, "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-x-v1%3A0/invoke-with-response-stream", Operation.Messages)]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "meta.llama", true, "https://bedrock-runtime.us-east-1.amazonaws.com/model/meta.llama/converse-stream", Operation.Messages)]
    [InlineData("vertex", "https://v.test/v1/projects/p/locations/l/endpoints/openapi", "claude-x@1", false, "https://v.test/v1/projects/p/locations/l/publishers/anthropic/models/claude-x%401:rawPredict", Operation.Messages)]
    [InlineData("vertex", "https://v.test/v1/projects/p/locations/l/endpoints/openapi", "claude-x@1", true, "https://v.test/v1/projects/p/locations/l/publishers/anthropic/models/claude-x%401:streamRawPredict", Operation.Messages)]
    [InlineData("vertex", "https://v.test/v1/projects/p/locations/l/endpoints/openapi", "google/gemini-x", false, "https://v.test/v1/projects/p/locations/l/endpoints/openapi/chat/completions", Operation.Messages)]
    public void AddressOfWire_IsTheProvidersOwnPath(string provider, string endpoint, string model, bool stream, string expected, Operation operation = Operation.ChatCompletions) => Assert.Equal(
        expected, ProviderCatalog.Get(provider).AddressOfWire(new ProviderTarget(new Uri(endpoint), "key", model, null), operation, stream).Uri.AbsoluteUri);

    [Theory]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "openai.gpt-oss-120b-1:0", true)]
    [InlineData("bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-x-v1:0", false)]
    [InlineData("bedrock", "https://bedrock-mantle.us-east-1.api.aws", "mistral.large", true)]
    [InlineData("gemini", "https://generativelanguage.googleapis.com", "gemini-x", true)]
    [InlineData("gemini", "https://generativelanguage.googleapis.com/v1beta/models/", "gemini-x", false)]
    [InlineData("anthropic", "https://api.anthropic.com", "claude-x", false)]
    public void ChatCompletions_AreOfferedByTheDeploymentsThatHaveThem(string provider, string endpoint, string model, bool expected) => Assert.Equal(
        expected, ProviderCatalog.Get(provider).Offers(Operation.ChatCompletions, new ProviderTarget(new Uri(endpoint), "key", model, null)));

    [Fact]
    public void Address_OfAnthropic_SetsTheVersionOnlyWhereTheCallerSentNone()
    {
        var address = Of("anthropic", Operation.Messages, "");

        Assert.Equal([new("x-api-key", "key")], address.Headers);
        Assert.Equal([new("anthropic-version", "2023-06-01")], address.Defaults);
    }

    [Theory]
    [InlineData("openai", "", true)]
    [InlineData("azure-openai", "", true)]
    [InlineData("azure-openai", "?api-version=2024-06-01", false)]
    [InlineData("cohere", "", false)]
    [InlineData("mistral", "", false)]
    public void TellsStreamUsageOnRequest_WhereTheOptionIsKnown(string provider, string query, bool expected) =>
        Assert.Equal(expected, ProviderCatalog.Get(provider).TellsStreamUsageOnRequest(Operation.ChatCompletions, query));

    [Theory]
    [InlineData("", "")]
    [InlineData("?", "?")]
    [InlineData("?x=1", "?x=1")]
    [InlineData("?api-version=1", "")]
    [InlineData("?API-Version=1&x=1", "?x=1")]
    [InlineData("?x=1&api-versions=2", "?x=1&api-versions=2")]
    public void Without_TakesOneParameterOut(string query, string expected) => Assert.Equal(expected, Query.Without(query, "api-version"));

    private static UpstreamAddress Of(string provider, Operation operation, string query, string endpoint = "https://api.test") =>
        ProviderCatalog.Get(provider).Address(new ProviderTarget(new Uri(endpoint), "key", "my model", null), operation, query);
}
