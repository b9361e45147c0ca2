namespace FuncLimiter.Core.Leasing;

/// <summary>Under which name and by which policy a limiter leases its budgets, instead of owning them.</summary>
/// <param name="Instance">Its name, a new one at every start of a process.</param>
/// <param name="Policy">The books' policy.</param>
public sealed record LeaseTerms(string Instance, LeasePolicy Policy);
