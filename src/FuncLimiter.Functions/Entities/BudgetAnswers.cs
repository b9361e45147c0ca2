using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Functions.Entities;

/// <summary>Reads an instance's answer out of an owner's state.</summary>
internal static class BudgetAnswers
{
    /// <summary>The owner's answer to an ask; null while there is none.</summary>
    public static ScopeAnswer? Find(OwnerState state, ScopeAsk ask)
    {
        if (state.Version > OwnerState.Current || ask.Budgets.Count == 0)
        {
            return null;
        }

        var instance = ask.Budgets[0].Ask.Instance;
        var answer = ScopeRecord.Unpack(state.Packed)?.Answers.FirstOrDefault(kept => kept.Instance == instance)?.Answer;
        return answer is not null && ask.Budgets.All(wanted => IsAnswered(wanted, answer)) ? answer : null;
    }

    // A budget that the owner does not know (any more) is not waited for.
    private static bool IsAnswered(BudgetAsk wanted, ScopeAnswer answer) =>
        answer.Budgets.FirstOrDefault(lease => lease.Budget == wanted.Budget) is not { } lease || lease.Lease.Answers >= wanted.Ask.Sequence;
}
