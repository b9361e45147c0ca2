using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>What providers answer, decided by a step's numbers.</summary>
internal static class Answers
{
    /// <summary>A plea for rest, of the deployment or of the whole account.</summary>
    public static Observation Rest(Step step) => new(OutcomeKind.Overloaded)
    {
        RetryAfter = TimeSpan.FromMilliseconds(step.Size % 20_000),
        WholeAccount = step.Who % 5 == 0,
    };

    public static Observation Any(Step step)
    {
        var kind = (step.How % 12) switch
        {
            0 or 1 => OutcomeKind.RateLimited,
            2 => OutcomeKind.Overloaded,
            3 => OutcomeKind.TransientFailure,
            4 => OutcomeKind.QuotaExhausted,
            5 => OutcomeKind.Rejected,
            _ => OutcomeKind.Success,
        };
        return new(kind)
        {
            RetryAfter = kind is OutcomeKind.RateLimited or OutcomeKind.Overloaded && step.Size % 4 != 0 ? TimeSpan.FromMilliseconds(step.Size % 20_000) : null,
            Dimension = kind == OutcomeKind.RateLimited && step.Size % 3 == 0 ? (Dimension)(step.Who % 4) : null,
            WholeAccount = kind != OutcomeKind.Success && step.Who % 5 == 0,
        };
    }
}
