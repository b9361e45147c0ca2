using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers;

/// <summary>
/// Vertex AI (cloud.google.com: dynamic shared quota, error code 429, provisioned throughput). The endpoint is
/// <c>https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi</c>, the key an access token.
/// Google's own models share a pool without a limit to track; partners' models have quotas.
/// </summary>
internal sealed class VertexProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "vertex";

    /// <inheritdoc/>
    public override Uri? DefaultEndpoint => null;

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation == Operation.ChatCompletions ? "/chat/completions" : null;
}
