using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <content>What a call is charged here, by what was learned of how the provider charges.</content>
internal sealed partial class BudgetedDeployment
{
    /// <summary>
    /// What a call is charged here, by what was learned of how the provider charges; nothing that it may come to keeps it out for good as
    /// long as that is not certain.
    /// </summary>
    public Charge ChargeOf(in ChargedCall call)
    {
        var charge = call.Documented;
        if (call.Size == default)
        {
            return charge;
        }

        for (var i = 0; i < scopes.Length; i++)
        {
            foreach (var learner in scopes[i].Learners)
            {
                charge = IsLimitedWithin(i, learner.Dimension) ? charge : With(charge, learner, Bounded(learner, call));
            }
        }

        return charge;
    }

    /// <summary>What stands of a call that is over.</summary>
    /// <param name="call">The call.</param>
    /// <param name="held">What it came to by the documented rule, no more than was held.</param>
    /// <param name="settlement">What it came to.</param>
    public Charge FinalOf(in ChargedCall call, in Charge held, in Settlement settlement)
    {
        var charge = held;
        if (call.Size == default)
        {
            return charge;
        }

        for (var i = 0; i < scopes.Length; i++)
        {
            foreach (var learner in scopes[i].Learners)
            {
                charge = IsLimitedWithin(i, learner.Dimension) ? charge : With(charge, learner, Final(learner, call, held, settlement));
            }
        }

        return charge;
    }

    /// <summary>A call leaves: the books of the rules take it down.</summary>
    public void Begin(in ChargedCall call, Instant now)
    {
        var isEstimated = call.Size != default;
        foreach (var scope in scopes)
        {
            scope.HasEstimates |= isEstimated;
            foreach (var learner in scope.Learners)
            {
                learner.Begin(call, now);
            }
        }

        foreach (var (limit, member, _) in suspects)
        {
            limit.Begin(member, call, now);
        }
    }

    /// <summary>
    /// While several rules may be the one by which the provider charges, the most of them is kept of a call that is over. What that is above
    /// the likeliest is caution, and nothing that was used.
    /// </summary>
    public void Disregard(in Charge kept, in ChargedCall call, in Charge held, in Settlement settlement)
    {
        if (call.Size == default)
        {
            return;
        }

        foreach (var scope in scopes)
        {
            foreach (var learner in scope.Learners)
            {
                var likely = learner.Likely(call.Documented[learner.Dimension], held[learner.Dimension], call.Size, settlement.Usage);
                var surplus = Math.Max(0, kept[learner.Dimension] - Math.Ceiling(likely));
                scope.Disregard(learner.Dimension, surplus);
                learner.Count(
                    kept[learner.Dimension] - surplus,
                    call.Documented[learner.Dimension],
                    held[learner.Dimension],
                    call.Size,
                    settlement.Usage);
            }
        }
    }

    /// <summary>A call is over.</summary>
    public void End(in ChargedCall call, in Settlement settlement, Instant takenAt, Instant now)
    {
        foreach (var scope in scopes)
        {
            foreach (var learner in scope.Learners)
            {
                learner.End(call, settlement.Provider, settlement.Usage, takenAt, now);
            }
        }

        foreach (var (limit, member, _) in suspects)
        {
            limit.End(member, call, settlement.Provider, settlement.Usage, takenAt, now);
        }
    }

    private static double Final(ChargeLearner learner, in ChargedCall call, in Charge held, in Settlement settlement) =>
        learner.Final(call.Documented[learner.Dimension], held[learner.Dimension], call.Size, settlement.Usage);

    private static Charge With(in Charge charge, ChargeLearner learner, double amount) => learner.Dimension switch
    {
        Dimension.Tokens => charge with { Tokens = (long)Math.Ceiling(amount) },
        Dimension.InputTokens => charge with { InputTokens = (long)Math.Ceiling(amount) },
        _ => charge with { OutputTokens = (long)Math.Ceiling(amount) },
    };

    private double Bounded(ChargeLearner learner, in ChargedCall call)
    {
        var (documented, amount) = (call.Documented[learner.Dimension], learner.Held(call.Documented[learner.Dimension], call.Size));
        if (learner.IsLearned || amount <= documented)
        {
            return amount;
        }

        foreach (var scope in scopes)
        {
            amount = Math.Min(amount, scope.CapacityOf(learner.Dimension));
        }

        return Math.Max(documented, amount);
    }

    // A charge is learned where it is limited innermost, or where it was found to be limited for several.
    private bool IsLimitedWithin(int scope, Dimension dimension)
    {
        if (scopes[scope].IsSuspected)
        {
            return true;
        }

        if (CommonOf(dimension) is >= 0 and var common)
        {
            return common != scope;
        }

        for (var i = 0; i < scope; i++)
        {
            if (Has(scopes[i], dimension))
            {
                return true;
            }
        }

        return false;
    }
}
