using FuncLimiter.Core;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Functions.Entities;

/// <summary>What all owners and all instances of the app go by.</summary>
/// <param name="Spec">What the configuration says.</param>
/// <param name="Policy">How budgets are lent.</param>
internal sealed record LeaseSource(LimiterSpec Spec, LeasePolicy Policy);
