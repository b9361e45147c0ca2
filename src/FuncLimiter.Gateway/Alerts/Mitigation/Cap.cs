using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Alerts.Mitigation;

/// <summary>A user, or a run without one, that may take only so much for now.</summary>
/// <param name="Tenant">Its tenant.</param>
/// <param name="User">The name under which it is capped.</param>
/// <param name="Budget">The budget for whose sake.</param>
/// <param name="TokensPerMinute">How much.</param>
/// <param name="Since">Since when.</param>
/// <param name="IsRunaway">Whether for taking many times its usual, and not for being the heaviest under pressure.</param>
internal sealed record Cap(string Tenant, string User, string Budget, long TokensPerMinute, Instant Since, bool IsRunaway);
