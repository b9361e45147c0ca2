using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Reports;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>One deployment at work: its limits, its cache, its counts. Guarded by the state that owns it.</summary>
internal sealed class DoubleDeployment(DeploymentOptions options, IReadOnlyList<Enforcer> shared)
{
    public DeploymentOptions Options { get; } = options;

    public DoubleLimits Limits { get; } = new(
        [.. options.Limits.SelectMany(EnforcerFactory.Create)], shared, options.CostsRequestOnFailure);

    public Penalty Penalty { get; } = new(options.Penalty);

    public PromptCache Cache { get; } = new(options.CacheLifetime);

    /// <summary>Until when a fault keeps it closed.</summary>
    public double ClosedUntil { get; set; } = double.NegativeInfinity;

    /// <summary>The latest end of a wait that a caller was told.</summary>
    public double ToldUntil { get; set; } = double.NegativeInfinity;

    public double? FirstCall { get; private set; }

    public long Calls { get; private set; }

    public long Accepted { get; set; }

    public long Rejected { get; set; }

    public long TooLarge { get; set; }

    public long DuringCooldown { get; private set; }

    public long Faults { get; set; }

    public long Completed { get; set; }

    public long Cancelled { get; set; }

    public long UnderWay { get; set; }

    public long MostUnderWay { get; set; }

    public long InputTokens { get; set; }

    public long CachedTokens { get; set; }

    public long OutputTokens { get; set; }

    /// <summary>Notes that a call has come.</summary>
    public void Arrived(double now)
    {
        FirstCall ??= now;
        Limits.Open(now);
        Calls++;
        DuringCooldown += now < ToldUntil - 1e-6 ? 1 : 0;
    }

    public DeploymentReport Report(double now) => new(
        Options.ReportName,
        Options.Model,
        Options.Dialect,
        Calls,
        Accepted,
        Rejected,
        TooLarge,
        DuringCooldown,
        Faults,
        Completed,
        Cancelled,
        UnderWay,
        MostUnderWay,
        InputTokens,
        CachedTokens,
        OutputTokens,
        FirstCall,
        [.. Limits.Own.Select(limit => Report(limit, now))]);

    public static LimitReport Report(Enforcer limit, double now) => new(
        limit.Dimension,
        limit.Options.Scheme,
        limit.Options.Window.TotalSeconds,
        limit.Amount,
        limit.Capacity,
        limit.Accepted,
        limit.Options.Scheme == LimitScheme.Concurrency ? null : limit.MostPossible(now),
        limit.Largest,
        limit.Refusals);
}
