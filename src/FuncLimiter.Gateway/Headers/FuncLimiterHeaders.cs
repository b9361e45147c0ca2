namespace FuncLimiter.Gateway.Headers;

/// <summary>The names of the headers that are FuncLimiter's own, or that it reads.</summary>
internal static class FuncLimiterHeaders
{
    public const string Priority = "X-Priority";
    public const string User = "X-User";
    public const string Workflow = "X-Workflow";
    public const string Step = "X-Step";
    public const string Run = "X-Run";
    public const string Tenant = "X-Tenant";
    public const string Tier = "X-Tier";
    public const string Prefer = "Prefer";
    public const string IdempotencyKey = "Idempotency-Key";
    public const string Deployment = "X-FuncLimiter-Deployment";
    public const string WaitedMs = "X-FuncLimiter-Waited-Ms";
    public const string Pressure = "X-FuncLimiter-Pressure";
    public const string Reason = "X-FuncLimiter-Reason";
    public const string CostUsd = "X-FuncLimiter-Cost-Usd";
    public const string RateLimit = "RateLimit";
    public const string RateLimitPolicy = "RateLimit-Policy";
    public const string RetryAfterMs = "retry-after-ms";
    public const string ShouldRetry = "x-should-retry";
}
