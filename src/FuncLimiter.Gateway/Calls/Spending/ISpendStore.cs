using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>Keeps what is spent of budgets, so that a crash forgets nothing that was let out.</summary>
public interface ISpendStore
{
    /// <summary>All states kept, the latest of each budget.</summary>
    IReadOnlyList<SpendState> Load();

    /// <summary>Keeps states, all or none; done means that a crash no longer loses them.</summary>
    /// <param name="states">The states.</param>
    /// <param name="over">Names of budgets that are over, to be forgotten.</param>
    Task SaveAsync(IReadOnlyList<SpendState> states, IReadOnlyList<string> over);
}
