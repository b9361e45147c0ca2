namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>What one deployment has seen.</summary>
/// <param name="Name">Its name in the options, else its model.</param>
/// <param name="Model">Its model.</param>
/// <param name="Dialect">Its dialect.</param>
/// <param name="Calls">Calls that reached it.</param>
/// <param name="Accepted">Calls that the limits let through.</param>
/// <param name="Rejected">429s.</param>
/// <param name="TooLarge">Of them those that can never fit.</param>
/// <param name="DuringCooldown">Calls that came before the end of a wait that an earlier 429 had named.</param>
/// <param name="Faults">Calls that a fault struck.</param>
/// <param name="Completed">Calls answered to the end.</param>
/// <param name="Cancelled">Accepted calls whose caller went away.</param>
/// <param name="UnderWay">Accepted calls not yet over.</param>
/// <param name="MostUnderWay">The most at once.</param>
/// <param name="InputTokens">Prompt tokens of completed calls, cached ones included.</param>
/// <param name="CachedTokens">Of them those read from the prompt cache.</param>
/// <param name="OutputTokens">Output tokens of completed calls.</param>
/// <param name="FirstCallSeconds">When its first call came, since the start or the last reset; null where none did.</param>
/// <param name="Limits">Its own limits.</param>
public sealed record DeploymentReport(
    string Name,
    string Model,
    ProviderDialect Dialect,
    long Calls,
    long Accepted,
    long Rejected,
    long TooLarge,
    long DuringCooldown,
    long Faults,
    long Completed,
    long Cancelled,
    long UnderWay,
    long MostUnderWay,
    long InputTokens,
    long CachedTokens,
    long OutputTokens,
    double? FirstCallSeconds,
    IReadOnlyList<LimitReport> Limits)
{
    /// <summary>429s over calls; 0 where there were none.</summary>
    public double RejectedShare => Calls == 0 ? 0 : (double)Rejected / Calls;

    /// <summary>The limit that was used most of what it would have let through; null where nothing is limited over time.</summary>
    public LimitReport? Binding => Limits.Where(limit => limit.MostPossible > 0).MaxBy(limit => limit.Utilization);

    /// <summary>What was accepted over what could have been, on the dimension that binds, 0 to 1; 0 where nothing binds.</summary>
    public double Utilization => Binding?.Utilization ?? 0;
}
