namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>What a double's batch service has seen.</summary>
/// <param name="Id">The batch's id.</param>
/// <param name="Status">Its state, in the provider's word.</param>
/// <param name="Calls">Its calls.</param>
/// <param name="Answered">Of these, answered.</param>
public sealed record BatchReport(string Id, string Status, int Calls, int Answered);
