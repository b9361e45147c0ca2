using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Translation;

/// <summary>A provider's failure in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body, JSON.</param>
public sealed record TranslatedFailure(int Status, byte[] Body)
{
    /// <summary>Puts a failure into a dialect, in the provider's own words.</summary>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="status">The status that the provider answered; a failure inside a 200 gets the one that it would have had.</param>
    /// <param name="said">What was read from the answer.</param>
    public static TranslatedFailure Of(Dialect dialect, int status, ResponseReading said)
    {
        ArgumentNullException.ThrowIfNull(said);
        status = status is >= 200 and < 300 ? StatusOf(said) : status;

        // The word for want of capacity differs.
        status = status is 503 or 529 ? DialectError.OverloadStatus(dialect) : status;
        var code = said.Reason is Reasons.QuotaExhausted or Reasons.NoQuota && dialect != Dialect.Anthropic ? "insufficient_quota" : null;
        return new TranslatedFailure(status, DialectError.Body(dialect, status, said.Message ?? "The provider failed.", null, code));
    }

    private static int StatusOf(ResponseReading said) => said.Reason switch
    {
        Reasons.Timeout => 504,
        Reasons.Conflict => 409,
        Reasons.RequestTooLarge => 413,
        Reasons.Auth => 403,
        _ => said.Observation.Kind switch
        {
            OutcomeKind.RateLimited or OutcomeKind.QuotaExhausted => 429,
            OutcomeKind.Overloaded => 503,
            OutcomeKind.Rejected => 400,
            _ => 500,
        },
    };
}
