namespace FuncLimiter.Providers;

/// <summary>Where and how a deployment is called.</summary>
/// <param name="Endpoint">The account's base address, without the API's own path.</param>
/// <param name="ApiKey">The account's secret; never logged.</param>
/// <param name="Model">The model (for Azure the deployment) at the provider.</param>
/// <param name="Region">The account's region, where the provider has regions.</param>
public sealed record ProviderTarget(Uri Endpoint, string ApiKey, string Model, string? Region);
