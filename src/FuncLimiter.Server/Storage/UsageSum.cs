namespace FuncLimiter.Server.Storage;

/// <summary>What some calls used together.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="Workflow">The workflow's name, or null.</param>
/// <param name="Deployment">What served them, as <c>account/model</c>; null for those that nothing served.</param>
/// <param name="Calls">How many.</param>
/// <param name="InputTokens">Input tokens, cached ones included.</param>
/// <param name="CachedTokens">Input tokens read from prompt caches.</param>
/// <param name="OutputTokens">Output tokens.</param>
/// <param name="CostUsd">US dollars, as far as prices are known.</param>
public sealed record UsageSum(
    string Tenant, string? Workflow, string? Deployment, long Calls, long InputTokens, long CachedTokens, long OutputTokens, decimal CostUsd);
