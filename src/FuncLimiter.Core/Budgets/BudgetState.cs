namespace FuncLimiter.Core.Budgets;

/// <summary>What must outlive a process of one budget.</summary>
/// <param name="Name">The budget's name.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="CooldownUntilTicks">Until when the provider closed it.</param>
public sealed record BudgetState(string Name, IReadOnlyList<MeterState> Meters, long CooldownUntilTicks);
