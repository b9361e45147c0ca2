namespace FuncLimiter.Providers.Batches;

/// <summary>Whose batch service is asked, and how requests get there.</summary>
/// <param name="Target">The account and the model.</param>
/// <param name="Http">Sends requests.</param>
public sealed record BatchAccount(ProviderTarget Target, HttpMessageInvoker Http);
