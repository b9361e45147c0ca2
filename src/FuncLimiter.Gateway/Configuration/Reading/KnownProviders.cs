using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>What a configuration must know of providers.</summary>
internal static class KnownProviders
{
    /// <summary>The ids that <c>provider</c> may have.</summary>
    public static readonly IReadOnlyList<string> Ids = [.. ProviderCatalog.Ids.Order(StringComparer.Ordinal)];

    /// <summary>The provider's usual base address; null where every account has its own.</summary>
    public static Uri? DefaultEndpoint(string id) => ProviderCatalog.Get(id).DefaultEndpoint;

    /// <summary>True where servers without any key are common: models on one's own machines.</summary>
    public static bool MayLackKey(string id) => id == "openai-compatible";

    /// <summary>What an address of one's own looks like.</summary>
    public static string EndpointExample(string id) => id switch
    {
        "azure-openai" => "https://NAME.openai.azure.com",
        "bedrock" => "https://bedrock-runtime.us-east-1.amazonaws.com",
        "vertex" => "https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi",
        _ => "http://localhost:8000",
    };
}
