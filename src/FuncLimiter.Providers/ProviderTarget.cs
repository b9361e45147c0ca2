namespace FuncLimiter.Providers;

/// <summary>Where and how a deployment is called.</summary>
/// <param name="Endpoint">The account's base address, without the API's own path.</param>
/// <param name="ApiKey">The account's secret; never logged; empty where <paramref name="Auth"/> is not by key.</param>
/// <param name="Model">The model (for Azure the deployment) at the provider.</param>
/// <param name="Region">The account's region, where the provider has regions.</param>
/// <param name="Auth">How the account is opened.</param>
public sealed record ProviderTarget(Uri Endpoint, string ApiKey, string Model, string? Region, ProviderAuth Auth = ProviderAuth.Key);

/// <summary>How an account is opened.</summary>
public enum ProviderAuth
{
    /// <summary>With a key.</summary>
    Key,

    /// <summary>With a token of Microsoft Entra ID, as the identity that the gateway runs as.</summary>
    Entra,
}
