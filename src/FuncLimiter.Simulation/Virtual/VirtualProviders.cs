using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Hosting;
using FuncLimiter.Simulation.Providers.Reports;
using FuncLimiter.Simulation.Providers.Signals;

namespace FuncLimiter.Simulation.Virtual;

/// <summary>
/// The provider double without HTTP: the same counters, penalties and faults, at instants that its host names, in seconds since the start
/// and never running backwards. Not thread-safe.
/// </summary>
public sealed class VirtualProviders
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly DoubleDeployment[] _deployments;
    private readonly FaultSchedule _faults;

    /// <param name="options">The deployments and what goes wrong; ports and bodies do not matter.</param>
    public VirtualProviders(ProviderDoubleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var shared = options.SharedLimits.ToDictionary(pair => pair.Key, pair => pair.Value.SelectMany(EnforcerFactory.Create).ToArray());
        _deployments = [.. options.Deployments.Select(deployment => new DoubleDeployment(deployment, shared.GetValueOrDefault(deployment.Key, [])))];
        _faults = new FaultSchedule(options.Seed);
        foreach (var rule in options.Faults)
        {
            _faults.Add(rule, 0);
        }

        foreach (var deployment in _deployments)
        {
            // What could have been let through counts from the start, whenever the first call comes.
            deployment.Limits.Open(0);
        }
    }

    /// <summary>Hands a call in.</summary>
    /// <param name="place">The deployment, by its place in the options.</param>
    /// <param name="charge">What it takes on arrival.</param>
    public VirtualAnswer Ask(int place, in VirtualCharge charge, double now)
    {
        _faults.ChangeLimits(_deployments, now);
        var deployment = _deployments[place];
        deployment.Arrived(now);
        if (Math.Max(deployment.ClosedUntil, deployment.Penalty.ClosedUntil) is var until && until > now)
        {
            return Refuse(deployment, Closed(until - now), now);
        }

        var fault = _faults.Next(deployment.Options.ReportName, now);
        deployment.Faults += fault is null ? 0 : 1;
        switch (fault)
        {
            case { IsShed: true }:
                deployment.Limits.CostFailure(now);
                return new VirtualAnswer(VirtualOutcome.Overloaded);
            case { Kind: FaultKind.RetryAfter } closing:
                deployment.ClosedUntil = now + (closing.Value ?? 1);
                return Refuse(deployment, Closed(closing.Value ?? 1), now);
        }

        if (deployment.Limits.TryTake(charge.Demand, charge.Demand, now) is { } refusal)
        {
            return Refuse(deployment, refusal, now);
        }

        deployment.Accepted++;
        deployment.MostUnderWay = Math.Max(deployment.MostUnderWay, ++deployment.UnderWay);
        return new VirtualAnswer(fault switch
        {
            { Kind: FaultKind.ServerError or FaultKind.Reset } => VirtualOutcome.Failed,
            { Kind: FaultKind.Hang } => VirtualOutcome.Silent,
            _ => VirtualOutcome.Answered,
        });
    }

    /// <summary>Ends a call that was taken.</summary>
    /// <param name="place">The deployment.</param>
    /// <param name="correction">What its charge is corrected by, its place among concurrent calls given back.</param>
    /// <param name="inputTokens">The input used; 0 where it failed.</param>
    /// <param name="outputTokens">The output used; 0 where it failed.</param>
    public void End(int place, in VirtualCharge correction, long inputTokens, long outputTokens, double now)
    {
        var deployment = _deployments[place];
        deployment.Limits.Correct(correction.Demand, now);
        deployment.UnderWay--;
        deployment.Completed += inputTokens + outputTokens > 0 ? 1 : 0;
        deployment.InputTokens += inputTokens;
        deployment.OutputTokens += outputTokens;
    }

    /// <summary>Somebody else uses the same key: takes what fits of an amount.</summary>
    /// <param name="place">The deployment.</param>
    /// <param name="charge">The amount.</param>
    /// <returns>Whether it was taken.</returns>
    public bool TakeOutside(int place, in VirtualCharge charge, double now)
    {
        _faults.ChangeLimits(_deployments, now);
        var limits = _deployments[place].Limits;
        var demand = charge.Demand;
        foreach (var limit in limits.All)
        {
            if (!limit.Fits(demand[limit.Dimension], now))
            {
                return false;
            }
        }

        foreach (var limit in limits.All)
        {
            limit.Take(demand[limit.Dimension], now);
        }

        return true;
    }

    /// <summary>What the headers of an answer stamped now say, one reading for each dimension.</summary>
    public IReadOnlyList<VirtualReading> Read(int place, double now)
    {
        var limits = _deployments[place].Limits.All;
        var readings = new List<VirtualReading>(limits.Count);
        foreach (var limit in limits)
        {
            if (limit.Options.Window == Minute && limit.Options.Scheme != LimitScheme.Acceleration && !readings.Exists(known => known.Dimension == limit.Dimension))
            {
                readings.Add(new VirtualReading(
                    limit.Dimension, (long)limit.Amount, (long)Math.Max(0, Math.Floor(limit.Available(now))), limit.ResetIn(now)));
            }
        }

        return readings;
    }

    /// <summary>What a deployment has seen.</summary>
    public DeploymentReport Report(int place, double now) => _deployments[place].Report(now);

    /// <summary>What the limits have seen that a deployment shares with others of its key.</summary>
    public IReadOnlyList<LimitReport> SharedReport(int place, double now) =>
        [.. _deployments[place].Limits.Shared.Select(limit => DoubleDeployment.Report(limit, now))];

    private static LimitRefusal Closed(double seconds) =>
        new(RefusalCause.Closed, LimitDimension.Requests, seconds, 0, 0, 1, 0, Minute);

    private static VirtualAnswer Refuse(DoubleDeployment deployment, in LimitRefusal refusal, double now)
    {
        deployment.Rejected++;
        deployment.Penalty.Violated(now);
        if (refusal.Cause == RefusalCause.TooLarge)
        {
            deployment.TooLarge++;
            return new VirtualAnswer(VirtualOutcome.TooLarge, null, refusal.Dimension);
        }

        var told = DoubleRetryHint.Seconds(refusal, deployment.Options.Dialect);
        deployment.ToldUntil = Math.Max(deployment.ToldUntil, now + (told ?? 0));
        return new VirtualAnswer(VirtualOutcome.RateLimited, told, refusal.Cause == RefusalCause.Closed ? null : refusal.Dimension);
    }
}

/// <summary>What a provider makes of a call.</summary>
public enum VirtualOutcome
{
    /// <summary>Taken, and answered.</summary>
    Answered,

    /// <summary>Taken, and failed: an error of the server, a connection that broke.</summary>
    Failed,

    /// <summary>Taken, and never answered.</summary>
    Silent,

    /// <summary>Refused for a limit (429).</summary>
    RateLimited,

    /// <summary>Refused since it will never fit.</summary>
    TooLarge,

    /// <summary>Shed before it was charged (503, 529).</summary>
    Overloaded,
}

/// <summary>What a provider says to a call on its arrival.</summary>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="RetryAfterSeconds">For a refusal: when to come back, as the provider tells it; null where it tells nothing.</param>
/// <param name="Dimension">For a refusal: the limit that refused.</param>
public readonly record struct VirtualAnswer(VirtualOutcome Outcome, double? RetryAfterSeconds = null, LimitDimension? Dimension = null)
{
    /// <summary>Whether the call was taken: it is charged, and must be ended.</summary>
    public bool IsTaken => Outcome is VirtualOutcome.Answered or VirtualOutcome.Failed or VirtualOutcome.Silent;
}

/// <summary>What a provider's headers say of one limit by the minute.</summary>
/// <param name="Dimension">What it counts.</param>
/// <param name="Limit">The limit in force, per minute.</param>
/// <param name="Remaining">What is left.</param>
/// <param name="ResetSeconds">Until when nothing counts any more: a bucket full, a window over.</param>
public readonly record struct VirtualReading(LimitDimension Dimension, long Limit, long Remaining, double ResetSeconds);

/// <summary>What a call takes of a provider's limits, or gives back where an amount is negative.</summary>
/// <param name="Requests">Calls.</param>
/// <param name="Tokens">Tokens, input and output together.</param>
/// <param name="InputTokens">Input tokens that count.</param>
/// <param name="OutputTokens">Output tokens.</param>
/// <param name="Concurrent">Calls under way at once.</param>
public readonly record struct VirtualCharge(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent)
{
    internal Demand Demand => new(Requests, Tokens, InputTokens, OutputTokens, Concurrent);
}
