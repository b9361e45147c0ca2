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
}
