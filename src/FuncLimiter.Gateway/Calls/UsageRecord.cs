using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One finished call, for bills and reports.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Caller">Who called.</param>
/// <param name="Route">The name asked for.</param>
/// <param name="Operation">What was asked.</param>
/// <param name="Deployment">What served it last, as <c>account/model</c>; null where nothing was asked of a provider.</param>
/// <param name="Status">The HTTP status answered; 499 where the caller went away before one.</param>
/// <param name="Usage">The tokens used; null where nobody told.</param>
/// <param name="CostUsd">What that costs in US dollars; null without a price or without usage.</param>
/// <param name="Waited">How long it waited for admission, all attempts together.</param>
/// <param name="Duration">From receipt to the last byte.</param>
/// <param name="Attempts">How many times a provider was asked.</param>
public sealed record UsageRecord(
    DateTimeOffset At,
    Caller Caller,
    string Route,
    Operation Operation,
    string? Deployment,
    int Status,
    TokenUsage? Usage,
    decimal? CostUsd,
    TimeSpan Waited,
    TimeSpan Duration,
    int Attempts);
