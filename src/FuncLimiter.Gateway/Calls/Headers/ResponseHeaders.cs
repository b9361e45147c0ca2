using System.Collections.Frozen;
using System.Globalization;
using System.Net.Http.Headers;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>Chooses the headers of a provider's answer that go on to the caller.</summary>
internal static class ResponseHeaders
{
    /// <summary>What concerns one connection or the provider's own host only, and the length, which is set apart.</summary>
    private static readonly FrozenSet<string> Kept = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length",
        "Set-Cookie", "Alt-Svc", "Strict-Transport-Security", "Date", "Server", "Via",
        FuncLimiterHeaders.RateLimit, FuncLimiterHeaders.RateLimitPolicy,
        FuncLimiterHeaders.Deployment, FuncLimiterHeaders.WaitedMs, FuncLimiterHeaders.Pressure, FuncLimiterHeaders.Reason,
        FuncLimiterHeaders.RunLeft, FuncLimiterHeaders.BudgetWarning,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Passes headers on as they came.</summary>
    public static void Copy(HttpResponseMessage response, CallAnswer answer)
    {
        Copy(response.Headers.NonValidated, answer);
        Copy(response.Content.Headers.NonValidated, answer);
    }

    /// <summary>Passes on those that speak of the answer, not of its body, nor of where there is another.</summary>
    public static void CopyWithoutBody(HttpResponseMessage response, CallAnswer answer)
    {
        response.Headers.Remove("Location");
        Copy(response.Headers.NonValidated, answer);
    }

    /// <summary>All values of a header, joined by a comma; null where it is absent.</summary>
    public static string? Find(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;

    /// <summary>Whether an answer says when to come back in a form that every client reads; any other is not passed on.</summary>
    public static bool TellsWait(HttpResponseMessage response) =>
        (Find(response, "Retry-After") is { } seconds && IsReadable(seconds))
        || (Find(response, FuncLimiterHeaders.RetryAfterMs) is { } milliseconds && IsReadable(milliseconds));

    private static bool IsWait(string name) =>
        name.Equals("Retry-After", StringComparison.OrdinalIgnoreCase) || name.Equals(FuncLimiterHeaders.RetryAfterMs, StringComparison.OrdinalIgnoreCase);

    // Seconds, or a date as RFC 9110 has it.
    private static bool IsReadable(string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
        || DateTimeOffset.TryParseExact(value, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static void Copy(HttpHeadersNonValidated headers, CallAnswer answer)
    {
        foreach (var (name, values) in headers)
        {
            if (!Kept.Contains(name) && !(IsWait(name) && !IsReadable(values.ToString())))
            {
                answer.SetHeader(name, values.ToString());
            }
        }
    }
}
