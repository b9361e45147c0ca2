using System.Collections.Frozen;
using System.Globalization;
using System.Net.Http.Headers;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>Chooses the headers of a provider's answer that go on to the caller.</summary>
internal static class ResponseHeaders
{
    /// <summary>
    /// What concerns one connection, or has a browser do something with the provider's own host, which to it is FuncLimiter's; what FuncLimiter
    /// tells itself; and the length, which is set apart.
    /// </summary>
    private static readonly FrozenSet<string> Kept = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length",
        "Set-Cookie", "Set-Cookie2", "Alt-Svc", "Strict-Transport-Security", "Public-Key-Pins", "Expect-CT", "Clear-Site-Data", "Accept-CH",
        "NEL", "Report-To", "Reporting-Endpoints", "Service-Worker-Allowed", "Date", "Server", "Via",
        FuncLimiterHeaders.RateLimit, FuncLimiterHeaders.RateLimitPolicy,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>How those begin that FuncLimiter alone tells: of a call, and of which pages may read its answer.</summary>
    private static readonly string[] Own = ["X-FuncLimiter-", "Access-Control-"];

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
        var named = headers.TryGetValues("Connection", out var options) ? HopHeaders.Named(options.ToString()) : null;
        foreach (var (name, values) in headers)
        {
            if (!Kept.Contains(name)
                && !Array.Exists(Own, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                && named?.Contains(name) != true
                && !(IsWait(name) && !IsReadable(values.ToString())))
            {
                answer.SetHeader(name, values.ToString());
            }
        }
    }
}
