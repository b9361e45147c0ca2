namespace FuncLimiter.Providers.Batches;

/// <summary>
/// Azure OpenAI's batch deployments, as OpenAI's but for the address and the key; a batch names the deployment as its model.
/// Source: "Getting started with Azure OpenAI batch deployments", Microsoft Learn.
/// </summary>
internal sealed class AzureOpenAIBatches : OpenAIBatches
{
    /// <inheritdoc/>
    public override int MostCalls => 100_000;

    /// <inheritdoc/>
    protected override string Root => "/openai/v1";

    /// <inheritdoc/>
    protected override KeyValuePair<string, string> Key(ProviderTarget target) => new("api-key", target.ApiKey);
}
