namespace FuncLimiter.Core.Budgets;

/// <summary>What an instance heard to remain of a leased limit.</summary>
/// <param name="Remaining">What remained.</param>
/// <param name="SentAt">When its call left.</param>
/// <param name="HeardAt">When its answer came.</param>
public readonly record struct ChargeReading(double Remaining, Instant SentAt, Instant HeardAt);

/// <summary>What the owner of a leased budget has learned of how one limit is charged, and what it learns from.</summary>
public sealed record ChargeBooksState
{
    /// <summary>What was learned.</summary>
    public required ChargeState Learned { get; init; }

    /// <summary>After what time the likeliest rule is assumed.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>When a refusal last came that there seemed to be room for.</summary>
    public Instant SurprisedAt { get; init; }

    /// <summary>How many such refusals came of late.</summary>
    public int Refusals { get; init; }

    /// <summary>How many calls went out of late: those of an earlier minute count for a third.</summary>
    public double CallsOfLate { get; init; }

    /// <summary>When that was counted.</summary>
    public Instant PassedAt { get; init; }

    /// <summary>The rule that the last reports agree with best.</summary>
    public ChargeRule Likeliest { get; init; }

    /// <summary>When the first report was heard.</summary>
    public Instant FirstHeardAt { get; init; }

    /// <summary>True where it is assumed only.</summary>
    public bool IsAssumed { get; init; }

    /// <summary>How far apart the reports lay by which it was, in units of the limit.</summary>
    public double Strength { get; init; }

    /// <summary>How often in a row they said otherwise since.</summary>
    public int Doubts { get; init; }

    /// <summary>What was reported earlier is of a window that is over.</summary>
    public Instant TurnedAt { get; init; }

    /// <summary>What the rules' books say was taken.</summary>
    public IReadOnlyList<ChargeBookEntry> Entries { get; init; } = [];

    /// <summary>What was reported to remain.</summary>
    public IReadOnlyList<ChargeBookReport> Reports { get; init; } = [];
}

/// <summary>What was taken at some time in a span, by each rule.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="To">Its end.</param>
/// <param name="Amounts">By rule, then calls, and what is unknown of those under way.</param>
public sealed record ChargeBookEntry(Instant From, Instant To, double[] Amounts);

/// <summary>What was reported to remain.</summary>
/// <param name="Remaining">What remained.</param>
/// <param name="SentAt">When the call left.</param>
/// <param name="HeardAt">When its answer came.</param>
/// <param name="Own">What such a call is charged, by rule.</param>
public sealed record ChargeBookReport(double Remaining, Instant SentAt, Instant HeardAt, double[] Own);

/// <summary>What was learned of how a provider charges one limit.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowTicks">The limit's window.</param>
/// <param name="Rule">The rule that explains the reports best.</param>
/// <param name="Open">The rules that explain them as well, one bit each.</param>
/// <param name="Factor">What is charged for each token that the rule counts.</param>
/// <param name="Offset">What is charged for each call on top.</param>
/// <param name="Since">Since when; the distant past while nothing was learned.</param>
/// <param name="Answers">From how many answers.</param>
public sealed record ChargeState(
    Dimension Dimension, long WindowTicks, ChargeRule Rule, ulong Open, double Factor, double Offset, Instant Since, long Answers)
{
    /// <summary>Whether a person said so, whatever answers tell.</summary>
    public bool IsPinned { get; init; }
}
