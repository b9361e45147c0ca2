using FuncLimiter.Gateway.Alerts.Causes;

namespace FuncLimiter.Gateway.Alerts.Mitigation;

/// <summary>Who takes too much, and what it may take.</summary>
/// <param name="Consumer">The user or the run.</param>
/// <param name="TokensPerSecond">What it may take.</param>
internal readonly record struct Offender(Consumer Consumer, double TokensPerSecond);
