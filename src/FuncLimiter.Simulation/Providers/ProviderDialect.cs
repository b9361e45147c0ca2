namespace FuncLimiter.Simulation.Providers;

/// <summary>Which provider's paths, bodies, headers and rules a deployment has.</summary>
public enum ProviderDialect
{
    /// <summary>OpenAI: <c>/v1/chat/completions</c>, <c>/v1/responses</c>, <c>/v1/embeddings</c>, <c>/v1/models</c>.</summary>
    OpenAI,

    /// <summary>Azure OpenAI: <c>/openai/deployments/{name}/chat/completions</c> and <c>/embeddings</c>.</summary>
    Azure,

    /// <summary>Anthropic: <c>/v1/messages</c> and <c>/v1/messages/count_tokens</c>.</summary>
    Anthropic,
}
