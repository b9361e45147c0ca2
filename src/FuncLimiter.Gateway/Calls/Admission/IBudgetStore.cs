using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>Keeps the budgets' durable part: a file here, an entity's state elsewhere.</summary>
internal interface IBudgetStore
{
    /// <summary>All states kept, the latest of each budget.</summary>
    IReadOnlyList<BudgetState> Load();

    /// <summary>Keeps states, all or none; done means that a crash no longer loses them.</summary>
    Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken);
}
