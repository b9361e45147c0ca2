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
            tenants.Find(tenant[Tenant.Scope.Length..]);
        }

        foreach (var budget in Durable())
        {
            if (kept.TryGetValue(budget.Name, out var state))
            {
                budget.Restore(state, now);
            }
        }
    }
}
