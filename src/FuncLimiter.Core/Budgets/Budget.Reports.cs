namespace FuncLimiter.Core.Budgets;

/// <content>The state for people and metrics.</content>
public sealed partial class Budget
{
    /// <summary>The share in use of the fullest meter, 0 to 1; 1 while the scope is closed.</summary>
    public double Utilization(Instant now)
    {
        double most = IsClosed(now) ? 1 : 0;
        for (var i = 0; i < asked.Length; i++)
        {
            most = Math.Max(most, Math.Min(1, UsedOf(i, now) / meters[i].Capacity));
        }

        return most;
    }

    /// <summary>The state for people and metrics.</summary>
    public BudgetReport Report(Instant now) => new(Name, [.. (Found is null ? asked : meters).Select((meter, i) => Report(meter, UsedOf(i, now), now))], Instant.Max(CooldownUntil, LikelyEnd), Utilization(now))
    {
        Found = Found,
        Learned = Lease is { } lease ? lease.Learned : caution.Report(),
    };

    private ChargeReport? ChargingOf(Meter meter)
    {
        foreach (var learner in learners)
        {
            if (learner.Dimension == meter.Dimension && learner.Limit.Window == meter.Limit.Window && (learner.Answers > 0 || learner.IsPinned))
            {
                return new(learner.Rule, learner.Factor, learner.Offset, learner.Since, learner.Answers, learner.IsPinned);
            }
        }

        return null;
    }

    // Of a window this instance knows what it used, and the owner told what the others did. Of a bucket and of places only the owner knows the whole.
    private double UsedOf(int meter, Instant now) => Lease is not { } lease ? meters[meter].Used(now)
        : meters[meter] is ContinuousBucket or ConcurrencyMeter ? Math.Max(meters[meter].Used(now), lease.Use[meter] * meters[meter].Capacity)
        : Math.Min(meters[meter].Capacity, meters[meter].Used(now) + lease.UsedByOthers(meter, now));

    private MeterReport Report(Meter meter, double used, Instant now)
    {
        var whole = meter.WholeAt(now);
        return new(
            meter.Dimension,
            meter.Limit.Window.TotalSeconds,
            meter.Limit.IsOpen ? Math.Min(meter.Read ?? meter.Reported ?? meter.Limit.Amount, meter.Reported ?? Limit.Unbounded) : meter.Limit.Amount,
            meter.Effective,
            meter.Capacity,
            used,
            whole.IsKnown ? Math.Max(0, (whole - now).TotalSeconds) : 0,
            meter.Total)
        {
            Charging = ChargingOf(meter),
            GivesAtOnce = meter.Limit.Window > TimeSpan.Zero && meter.Round(default) is not null,
            IsOpen = meter.Limit.IsOpen,
            Read = meter.Read,
            ReadAt = meter.ReadAt,
            Reported = meter.Reported,
            ReportedAt = meter.ReportedAt,
        };
    }
}

/// <summary>The state of one meter, for people and metrics.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowSeconds">The window in seconds; 0 for concurrency.</param>
/// <param name="Configured">The limit as configured, units per window.</param>
/// <param name="Effective">The limit in force, as learned, units per window.</param>
/// <param name="Capacity">The most that can be taken at once.</param>
/// <param name="Used">What is taken of the capacity now.</param>
/// <param name="ResetSeconds">Seconds until it is whole again if nothing more is taken.</param>
/// <param name="Total">What was taken since the start, less what was given back; what others took of the same limit is not in it.</param>
public sealed record MeterReport(
    Dimension Dimension, double WindowSeconds, long Configured, double Effective, double Capacity, double Used, double ResetSeconds, double Total = 0)
{
    /// <summary>What can be taken now.</summary>
    public double Remaining => Math.Max(0, Capacity - Used);

    /// <summary>How the provider was found to charge it; null where nothing is reported, or nothing else than what calls come to is counted.</summary>
    public ChargeReport? Charging { get; init; }

    /// <summary>True where no person wrote the limit: then <see cref="Configured"/> is what the provider told, and until it has, what is begun with.</summary>
    public bool IsOpen { get; init; }

    /// <summary>What the provider's management API told, units per window; <see cref="Limit.Unbounded"/> for no limit, null where nothing was read.</summary>
    public long? Read { get; init; }

    /// <summary>When that was read last; <see cref="Instant.Distant"/> where nothing was.</summary>
    public Instant ReadAt { get; init; }

    /// <summary>What an answer last reported, units per window; null where none has.</summary>
    public long? Reported { get; init; }

    /// <summary>True where a window gives room back all at once, and not bit by bit.</summary>
    public bool GivesAtOnce { get; init; }

    /// <summary>When that answer came; <see cref="Instant.Distant"/> where none has.</summary>
    public Instant ReportedAt { get; init; }

    /// <summary>
    /// The share taken of what can be taken at once, 0 or more: of a bucket how empty it is, of a window how much of it is gone. Above 1
    /// where more was charged in the end than was there, or the limit has shrunk since.
    /// </summary>
    public double Use => Capacity > 0 ? Used / Capacity : 0;
}

/// <summary>How a provider charges one limit, as its answers tell.</summary>
/// <param name="Rule">The rule that explains them.</param>
/// <param name="Factor">What is charged for each token that the rule counts; 1 where the rule explains them by itself.</param>
/// <param name="Offset">What is charged for each call on top, in tokens.</param>
/// <param name="Since">Since when; <see cref="Instant.Distant"/> where answers have not told yet.</param>
/// <param name="Answers">How many answers have told.</param>
/// <param name="IsPinned">Whether a person said so, whatever answers tell.</param>
public sealed record ChargeReport(ChargeRule Rule, double Factor, double Offset, Instant Since, long Answers, bool IsPinned = false);

/// <summary>The state of one budget, for people and metrics.</summary>
/// <param name="Name">Scope and id, for example <c>deployment:openai-east/gpt-x</c>.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="CooldownUntil">Until when the provider closed it; <see cref="Instant.Distant"/> when it is open.</param>
/// <param name="Utilization">The largest <see cref="MeterReport.Use"/> of its meters, at most 1; 1 while it is closed.</param>
public sealed record BudgetReport(string Name, IReadOnlyList<MeterReport> Meters, Instant CooldownUntil, double Utilization)
{
    /// <summary>How far it stays from its limits, as answers taught; null where none have.</summary>
    public CautionReport? Learned { get; init; }

    /// <summary>Which budgets were found to share it, though no person wrote so; null of any other.</summary>
    public FoundLimit? Found { get; init; }
}

/// <summary>What is known of a limit that several budgets share, though no person wrote so.</summary>
/// <param name="Budgets">The names of the budgets.</param>
/// <param name="Since">Since when it is known.</param>
/// <param name="Answers">How many answers told.</param>
public sealed record FoundLimit(IReadOnlyList<string> Budgets, Instant Since, long Answers)
{
    /// <summary>What the ids of such limits begin with; what follows are the ids of the accounts or deployments, joined by <c>+</c>.</summary>
    public const string Prefix = "found/";
}

/// <summary>How far a budget stays from its limits.</summary>
/// <param name="Jitter">The spread expected between sending and arriving.</param>
/// <param name="Factor">The share of the limits in use at most, 0.3 to 1.</param>
/// <param name="Since">Since when.</param>
/// <param name="Answers">How many answers have taught.</param>
public sealed record CautionReport(TimeSpan Jitter, double Factor, Instant Since, long Answers);

/// <summary>What waits in one tenant's queue of one class.</summary>
/// <param name="Route">The route asked for.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Priority">The class.</param>
/// <param name="Waiting">How many calls.</param>
/// <param name="OldestSeconds">How long the oldest has waited, in seconds.</param>
public sealed record QueueReport(string Route, string Tenant, Scheduling.Priority Priority, int Waiting, double OldestSeconds);

/// <summary>Everything a limiter knows, at one instant.</summary>
/// <param name="At">The instant.</param>
/// <param name="Budgets">All budgets with at least one meter or a cooldown.</param>
/// <param name="Queues">All queues with at least one waiting call.</param>
/// <param name="Waiting">How many calls wait in all.</param>
/// <param name="Admitted">Calls admitted since the start.</param>
/// <param name="Refused">Calls refused since the start.</param>
/// <param name="RateLimited">Failures for a rate limit that providers answered since the start.</param>
public sealed record LimiterReport(
    Instant At, IReadOnlyList<BudgetReport> Budgets, IReadOnlyList<QueueReport> Queues, int Waiting, long Admitted, long Refused, long RateLimited);
