namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has to say to the owner of a scope's budgets, in one message.</summary>
/// <param name="Scope">The scope, as <c>account:openai-east</c> or <c>tenants:0</c>.</param>
/// <param name="Budgets">Its asks.</param>
public sealed record ScopeAsk(string Scope, IReadOnlyList<BudgetAsk> Budgets);

/// <summary>An ask for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Ask">The ask.</param>
public sealed record BudgetAsk(string Budget, LeaseAsk Ask);

/// <summary>An owner's answer to an instance.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Budgets">One lease for each budget that was asked for and that the owner has.</param>
public sealed record ScopeAnswer(string Scope, IReadOnlyList<BudgetLease> Budgets);

/// <summary>An owner's answer for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Lease">The lease.</param>
public sealed record BudgetLease(string Budget, Lease Lease);
