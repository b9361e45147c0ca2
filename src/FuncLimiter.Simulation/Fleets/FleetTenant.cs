namespace FuncLimiter.Simulation.Fleets;

/// <summary>One tenant of a fleet.</summary>
/// <param name="Id">Its name in reports.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="ApiKey">What its agents authenticate with.</param>
/// <param name="Groups">Its agents.</param>
public sealed record FleetTenant(string Id, double Weight, string ApiKey, IReadOnlyList<AgentGroup> Groups);
