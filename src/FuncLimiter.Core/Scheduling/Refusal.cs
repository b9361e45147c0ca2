using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>An honest no: why, which budget, and when to come back.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Budget">The name of the budget that binds, for example <c>tenant:acme</c>.</param>
/// <param name="RetryAt">When a retry is expected to be taken; <see cref="Instant.Never"/> where none can be.</param>
public sealed record Refusal(RefusalReason Reason, string Budget, Instant RetryAt)
{
    /// <summary>What the limit that binds counts; null where that is not known.</summary>
    public Dimension? Dimension { get; init; }

    /// <summary>Whether the budget is closed, by an answer or by a person's word, and not merely full.</summary>
    public bool IsClosed { get; init; }

    /// <summary>What its provider answered that closed the budget; null where it is not closed, or what closed it is not known here.</summary>
    public OutcomeKind? ClosedBy { get; init; }

    /// <summary>What is left of a spending budget that refused; null where another one did.</summary>
    public SpendShortage? Shortage { get; init; }
}

/// <summary>What is left of a spending budget that a call doesn't fit.</summary>
/// <param name="Left">What is left of it for this call, less what calls under way hold.</param>
/// <param name="TimeLeft">How long the run may go on; null where that has no end.</param>
/// <param name="Needs">The most that the call can come to.</param>
public sealed record SpendShortage(Spending.SpendAmount Left, TimeSpan? TimeLeft, Spending.SpendAmount Needs)
{
    /// <summary>Whether it is a run's, which has no end at which it is whole again.</summary>
    public bool IsRun { get; init; }

    /// <summary>Whether a part of it is still kept for the run's closing call.</summary>
    public bool KeepsClosing { get; init; }
}

/// <summary>Why a call was not let out.</summary>
public enum RefusalReason
{
    /// <summary>It is larger than a whole budget and can never fit.</summary>
    TooLarge,

    /// <summary>As many calls wait as may wait.</summary>
    QueueFull,

    /// <summary>It would wait longer than its caller or its priority's limit allows.</summary>
    WouldWaitTooLong,

    /// <summary>No deployment of the route may serve it now or foreseeably.</summary>
    NoDeployment,

    /// <summary>What it would take can't be kept durably at present, so it can't be let out.</summary>
    NotKept,

    /// <summary>A spending budget of its tenant, user, workflow, run, account or model has too little left.</summary>
    Spent,
}
