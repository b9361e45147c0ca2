namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>An outcome to be sent now.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Address">Where to.</param>
/// <param name="Attempt">The number of this attempt, from 1.</param>
public sealed record Delivery(string Job, string Tenant, string Address, int Attempt);
