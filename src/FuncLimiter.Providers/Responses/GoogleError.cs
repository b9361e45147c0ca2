using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>The details of a <c>google.rpc.Status</c>: which quota was exceeded, and when to come back.</summary>
internal static class GoogleError
{
    /// <summary>One quota that was exceeded.</summary>
    /// <param name="Limit">The limit's name in readings.</param>
    /// <param name="Window">Its window, see <see cref="Windows"/>; null where the quota's id does not tell.</param>
    /// <param name="Value">Its amount; null where it is not told.</param>
    public readonly record struct Violation(string Limit, string? Window, double? Value);

    /// <summary>
    /// The longest in seconds of <c>RetryInfo</c>'s delay and of <c>ErrorInfo</c>'s <c>quotaResetDelay</c> and <c>quotaResetTimeStamp</c>; null
    /// where there is none or it makes no sense.
    /// </summary>
    public static double? RetryDelay(ErrorBody error, in HeaderValues headers)
    {
        double? longest = null;
        foreach (var detail in Details(error))
        {
            var told = Json.Text(Json.At(detail, "metadata", "quotaResetTimeStamp")) is { } stamp && Dates.TryRead(stamp, out var date)
                ? headers.Until(date)
                : null;
            foreach (var seconds in (ReadOnlySpan<double?>)[Delay(Json.At(detail, "retryDelay")), Delay(Json.At(detail, "metadata", "quotaResetDelay")), told])
            {
                longest = seconds is null ? longest : Math.Max(longest ?? 0, seconds.Value);
            }
        }

        return longest;
    }

    /// <summary>Whether <c>ErrorInfo</c> says that the provider itself has no room.</summary>
    public static bool IsWithoutCapacity(ErrorBody error)
    {
        foreach (var detail in Details(error))
        {
            if (Json.Word(detail, "reason")?.Contains("CAPACITY", StringComparison.OrdinalIgnoreCase) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What Google tells by another status than others: a key that it refuses as a request that is wrong, and a full limit, in its older
    /// services, as one that is forbidden. Null for anything else.
    /// </summary>
    public static Verdict? JudgeAccess(in Failure failure) => failure switch
    {
        { Status: 400 } when HasReason(failure.Error, "API_KEY_INVALID") || HasReason(failure.Error, "API_KEY_EXPIRED") =>
            Verdict.Final(Reasons.Auth) with { WholeAccount = true },
        { Status: 403 } when HasReason(failure.Error, "rateLimitExceeded") || HasReason(failure.Error, "userRateLimitExceeded") => Verdict.Full(null),
        _ => null,
    };

    private static bool HasReason(ErrorBody error, string reason)
    {
        foreach (var list in (ReadOnlySpan<string>)["details", "errors"])
        {
            if (Json.At(error.Error, list) is { ValueKind: JsonValueKind.Array } items
                && items.EnumerateArray().Any(item => string.Equals(Json.Word(item, "reason"), reason, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The quotas that were exceeded, in the body's order.</summary>
    public static IEnumerable<Violation> Violations(ErrorBody error)
    {
        foreach (var detail in Details(error))
        {
            if (Json.At(detail, "violations") is not { ValueKind: JsonValueKind.Array } violations)
            {
                continue;
            }

            foreach (var violation in violations.EnumerateArray())
            {
                var id = Json.Word(violation, "quotaId") ?? "";
                var metric = Json.Word(violation, "quotaMetric") ?? "";
                yield return new Violation(LimitOf(id, metric), WindowOf(id), Json.Count(Json.At(violation, "quotaValue")));
            }
        }
    }

    private static JsonElement.ArrayEnumerator Details(ErrorBody error) =>
        Json.At(error.Error, "details") is { ValueKind: JsonValueKind.Array } details ? details.EnumerateArray() : default;

    private static double? Delay(JsonElement delay)
    {
        if (delay.ValueKind == JsonValueKind.Object)
        {
            return Json.CountAt(delay, "seconds") is { } whole ? whole + ((Json.CountAt(delay, "nanos") ?? 0) / 1e9) : null;
        }

        return delay.ValueKind == JsonValueKind.Number ? Json.NumberAt(delay) is >= 0 and var number ? number : null
            : Json.Text(delay) is { } text && Durations.TryDuration(text, out var seconds) ? seconds
            : null;
    }

    private static string LimitOf(string id, string metric)
    {
        bool Names(string inId, string inMetric) =>
            id.Contains(inId, StringComparison.OrdinalIgnoreCase) || metric.Contains(inMetric, StringComparison.OrdinalIgnoreCase);

        return Names("InputToken", "input_token") ? LimitNames.InputTokens
            : Names("OutputToken", "output_token") ? LimitNames.OutputTokens
            : Names("Token", "token") ? LimitNames.Tokens
            : Names("Image", "image") ? "images"
            : LimitNames.Requests;
    }

    private static string? WindowOf(string id) =>
        id.Contains("PerDay", StringComparison.OrdinalIgnoreCase) ? Windows.Day
        : id.Contains("PerMinute", StringComparison.OrdinalIgnoreCase) ? Windows.Minute
        : id.Contains("PerHour", StringComparison.OrdinalIgnoreCase) ? Windows.Hour
        : id.Contains("PerMonth", StringComparison.OrdinalIgnoreCase) ? Windows.Month
        : id.Contains("PerSecond", StringComparison.OrdinalIgnoreCase) ? Windows.Second
        : null;
}
