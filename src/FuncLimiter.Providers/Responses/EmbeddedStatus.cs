using System.Globalization;

namespace FuncLimiter.Providers.Responses;

/// <summary>The HTTP status that an error would have had, had it not come after a 200.</summary>
internal static class EmbeddedStatus
{
    /// <summary>The status told by a numeric code, else by the error's words; 500 where neither is known.</summary>
    public static int Of(ErrorBody error) =>
        int.TryParse(error.Code, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and < 600
            ? code
            : OfWord(error.Code) ?? OfWord(error.Type) ?? OfWord(error.Status) ?? 500;

    private static int? OfWord(string? word) => word switch
    {
        "rate_limit_exceeded" or "rate_limit_error" or "slow_down" or "insufficient_quota" or "too_many_requests"
            or "quota_exceeded" or "RESOURCE_EXHAUSTED" or "tokens" or "requests" or "rate_limited" => 429,
        "overloaded_error" => 529,
        "server_is_overloaded" or "service_unavailable_error" or "service_unavailable" or "UNAVAILABLE" => 503,
        "timeout_error" or "DEADLINE_EXCEEDED" => 504,
        "invalid_request_error" or "invalid_prompt" or "context_length_exceeded" or "INVALID_ARGUMENT" or "FAILED_PRECONDITION" => 400,
        "authentication_error" or "invalid_api_key" or "UNAUTHENTICATED" => 401,
        "billing_error" => 402,
        "permission_error" or "PERMISSION_DENIED" => 403,
        "not_found_error" or "NOT_FOUND" => 404,
        "conflict_error" or "ABORTED" => 409,
        "request_too_large" => 413,
        _ => null,
    };
}
