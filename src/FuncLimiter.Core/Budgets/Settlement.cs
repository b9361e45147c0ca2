namespace FuncLimiter.Core.Budgets;

/// <summary>What replaces a reservation once a call is over.</summary>
/// <param name="Provider">What the provider counted, by its own rule: the charge of the account and the deployment.</param>
/// <param name="Consumer">What was really used: the charge of the tenant and the user.</param>
public readonly record struct Settlement(Charge Provider, Charge Consumer)
{
    /// <summary>The tokens used; null where they are not known. Needed where the provider charges by another rule than it documents.</summary>
    public TokenUsage? Usage { get; init; }
}
