using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Telemetry;

/// <summary>The well-known values of OpenTelemetry's semantic conventions for generative AI.</summary>
internal static class GenAiNames
{
    /// <summary>The value of <c>gen_ai.provider.name</c> of a provider's id; the id itself where the conventions name none.</summary>
    public static string Of(string provider) => provider switch
    {
        "azure-openai" => "azure.ai.openai",
        "gemini" => "gcp.gemini",
        "vertex" => "gcp.vertex_ai",
        "bedrock" => "aws.bedrock",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        _ => provider,
    };

    /// <summary>The value of <c>gen_ai.operation.name</c>.</summary>
    public static string Of(Operation operation) => operation switch
    {
        Operation.Embeddings => "embeddings",
        Operation.CountTokens => "count_tokens",
        Operation.Other => "other",
        Operation.OtherGeneration => "generate_content",
        _ => "chat",
    };
}
