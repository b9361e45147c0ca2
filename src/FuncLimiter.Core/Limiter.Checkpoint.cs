using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <content>What is kept durably, and taken on at the start.</content>
public sealed partial class Limiter
{
    /// <summary>Begins a checkpoint: the states to keep of every budget that changed. To be kept whole, then confirmed; one at a time.</summary>
    public IReadOnlyList<BudgetState> BeginCheckpoint(Instant now) => checkpoints.Begin(Durable(), Clock(now));

    /// <summary>The states of the last <see cref="BeginCheckpoint"/> are kept: what they allow may go out.</summary>
    public void ConfirmCheckpoint(Instant now)
    {
        now = Clock(now);
        checkpoints.Confirm();
        LookAtDelayed(now);
        ReleaseAll(now);
    }

    /// <summary>Takes on the states kept by an earlier process, before the first call.</summary>
    public void Restore(IEnumerable<BudgetState> states, Instant now)
    {
        now = Clock(now);
        var kept = states.ToDictionary(state => state.Name, StringComparer.Ordinal);
        foreach (var tenant in kept.Keys.Where(name => name.StartsWith(Tenant.Scope, StringComparison.Ordinal)))
        {
            var id = tenant[Tenant.Scope.Length..];
            if (id.IndexOf('/', StringComparison.Ordinal) is not (> 0 and var end) || tenants.Known(id[..end]) is null)
            {
                tenants.Find(id);
            }
        }

        foreach (var suspect in topology.Suspects)
        {
            if (kept.GetValueOrDefault(suspect.Budget.Name)?.Found is { } found)
            {
                Set(suspect, found with { Budgets = suspect.Members }, now);
            }
        }

        foreach (var budget in Durable().ToArray())
        {
            if (kept.TryGetValue(budget.Name, out var state))
            {
                budget.Restore(state, now);
            }
        }
    }
}

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
