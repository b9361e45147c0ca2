using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core;

/// <summary>
/// Keeps what budgets have let out across a crash. A checkpoint is the state of every budget that changed, with an allowance added that
/// counts as taken; only once it is kept may the allowance go out. So what a crash forgets was never more than what was written ahead.
/// </summary>
internal sealed class Checkpoints
{
    private readonly bool isDurable;
    private readonly List<(Budget Budget, double[] Allowances)> pending = [];

    public Checkpoints(bool isDurable, IEnumerable<Budget> budgets)
    {
        this.isDurable = isDurable;
        foreach (var budget in budgets)
        {
            Keep(budget);
        }
    }

    /// <summary>From now on a budget lets out only what a checkpoint allows.</summary>
    public void Keep(Budget budget)
    {
        if (isDurable)
        {
            budget.KeepDurably();
        }
    }

    public bool AreWaitedFor(IEnumerable<Budget> budgets) =>
        isDurable && budgets.Any(budget => budget.Meters.Any(meter => meter.WaitingForCheckpoint > 0));

    public IReadOnlyList<BudgetState> Begin(IEnumerable<Budget> budgets, Instant now)
    {
        foreach (var (budget, _) in pending)
        {
            budget.Touch();
        }

        pending.Clear();
        var isWaitedFor = AreWaitedFor(budgets);
        var states = new List<BudgetState>();
        foreach (var budget in budgets)
        {
            if (budget.IsDirty || budget.Meters.Any(meter => meter.WaitingForCheckpoint > 0))
            {
                states.Add(budget.Save(out var allowances, now, isWaitedFor));
                pending.Add((budget, allowances));
                if (isDurable)
                {
                    budget.Restrict(allowances);
                }
            }
        }

        return states;
    }

    public void Confirm()
    {
        foreach (var (budget, allowances) in pending)
        {
            if (isDurable)
            {
                budget.Allow(allowances);
            }
        }

        pending.Clear();
    }
}
