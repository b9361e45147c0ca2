namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>What a double has seen, by its own clock and its own counters.</summary>
/// <param name="At">When this was written.</param>
/// <param name="ElapsedSeconds">Since the start or the last reset.</param>
/// <param name="Deployments">Each deployment, in the options' order.</param>
/// <param name="SharedLimits">Limits that the deployments of a key share.</param>
/// <param name="Idempotency">What was seen of idempotency keys.</param>
/// <param name="Unauthorized">Calls with a wrong key or none.</param>
/// <param name="Invalid">Calls that no deployment could take: bad JSON, an unknown model, a wrong path.</param>
public sealed record DoubleReport(
    DateTimeOffset At,
    double ElapsedSeconds,
    IReadOnlyList<DeploymentReport> Deployments,
    IReadOnlyList<LimitReport> SharedLimits,
    IdempotencyReport Idempotency,
    long Unauthorized,
    long Invalid)
{
    /// <summary>Calls that reached a deployment.</summary>
    public long Calls => Deployments.Sum(deployment => deployment.Calls);

    /// <summary>Calls that the limits let through.</summary>
    public long Accepted => Deployments.Sum(deployment => deployment.Accepted);

    /// <summary>429s.</summary>
    public long Rejected => Deployments.Sum(deployment => deployment.Rejected);

    /// <summary>429s over calls; 0 where there were none.</summary>
    public double RejectedShare => Calls == 0 ? 0 : (double)Rejected / Calls;

    /// <summary>The deployment of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public DeploymentReport this[string name] =>
        Deployments.FirstOrDefault(deployment => deployment.Name == name)
        ?? throw new KeyNotFoundException($"There is no deployment '{name}'.");
}
