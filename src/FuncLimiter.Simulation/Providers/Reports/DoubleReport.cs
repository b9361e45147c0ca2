using System.Text.Json.Serialization;

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

/// <summary>What one limit has let through.</summary>
/// <param name="Dimension">What it counts.</param>
/// <param name="Scheme">How it is enforced.</param>
/// <param name="WindowSeconds">Its window, or the slice of one; 0 for calls at once.</param>
/// <param name="Amount">The limit now in force, per window.</param>
/// <param name="Capacity">The most that can be taken at once.</param>
/// <param name="Accepted">What accepted calls have taken, corrections included.</param>
/// <param name="MostPossible">
/// What it would have let through at most from the first call until now, the first burst included: a bucket's capacity and its refill, the
/// sum of the windows touched. Null for calls at once, which have no such bound.
/// </param>
/// <param name="Largest">The highest reading of the provider's counter: a bucket's fill, a window's sum, calls at once.</param>
/// <param name="Refusals">Refusals that it caused.</param>
public sealed record LimitReport(
    LimitDimension Dimension,
    LimitScheme Scheme,
    double WindowSeconds,
    double Amount,
    double Capacity,
    double Accepted,
    double? MostPossible,
    double Largest,
    long Refusals)
{
    /// <summary>What was accepted over what could have been; 0 where nothing could.</summary>
    public double Utilization => MostPossible > 0 ? Accepted / MostPossible.Value : 0;

    /// <summary>Whether the counter ever stood above what it may hold.</summary>
    public bool Exceeded => Largest > Capacity + 0.5;
}

/// <summary>What a double's batch service has seen.</summary>
/// <param name="Id">The batch's id.</param>
/// <param name="Status">Its state, in the provider's word.</param>
/// <param name="Calls">Its calls.</param>
/// <param name="Answered">Of these, answered.</param>
public sealed record BatchReport(string Id, string Status, int Calls, int Answered);

/// <summary>What was seen of the header <c>Idempotency-Key</c>.</summary>
/// <param name="Distinct">Different keys; counting stops at a million.</param>
/// <param name="Repeated">Calls whose key had come before, retries after a refusal among them.</param>
/// <param name="AcceptedTwice">Calls that were accepted although a call of the same key was accepted before: double work.</param>
public sealed record IdempotencyReport(long Distinct, long Repeated, long AcceptedTwice);

/// <summary>How reports and rules look in JSON: camel case, enumerations by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DoubleReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
