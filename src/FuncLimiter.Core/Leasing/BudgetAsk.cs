using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has to say to the owner of a scope's budgets, in one message.</summary>
/// <param name="Scope">The scope, as <c>account:openai-east</c> or <c>tenant:acme</c>.</param>
/// <param name="Budgets">Its asks.</param>
public sealed record ScopeAsk(string Scope, IReadOnlyList<BudgetAsk> Budgets);

/// <summary>An ask for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Ask">The ask.</param>
/// <param name="News">What was heard of the budget since the last ask.</param>
public sealed record BudgetAsk(string Budget, LeaseAsk Ask, IReadOnlyList<BudgetNews> News);

/// <summary>What a response, or a person, said of a budget.</summary>
/// <param name="Observation">What a response said; null where a person spoke.</param>
/// <param name="SentAt">When its request had left.</param>
/// <param name="CooldownUntil">Until when a person closed the scope; in the past where it was opened.</param>
public sealed record BudgetNews(Observation? Observation, Instant SentAt, Instant CooldownUntil);

/// <summary>An owner's answer for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Lease">The lease.</param>
/// <param name="Use">The share in use of each of its limits, all instances together, 0 to 1.</param>
/// <param name="CooldownUntil">Until when the scope is closed.</param>
public sealed record BudgetLease(string Budget, Lease Lease, IReadOnlyList<double> Use, Instant CooldownUntil);
