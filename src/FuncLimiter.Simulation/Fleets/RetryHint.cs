using System.Globalization;
using System.Net.Http.Headers;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>What a response says about trying again, as the official SDKs read it.</summary>
internal static class RetryHint
{
    /// <summary>Whether the same request may be sent again.</summary>
    public static bool MayRetry(HttpResponseMessage response) =>
        Value(response.Headers, "x-should-retry") switch
        {
            "true" => true,
            "false" => false,
            _ => (int)response.StatusCode is 408 or 409 or 429 or >= 500,
        };

    /// <summary>How long to wait: <c>retry-after-ms</c>, else <c>retry-after</c> in seconds; null where neither makes sense.</summary>
    public static TimeSpan? Wait(HttpResponseHeaders headers) =>
        Number(headers, "retry-after-ms") is { } ms ? TimeSpan.FromMilliseconds(ms)
        : Number(headers, "retry-after") is { } seconds ? TimeSpan.FromSeconds(seconds)
        : null;

    /// <summary>A header as a number, 0 or more and below a day's worth of milliseconds.</summary>
    public static double? Number(HttpResponseHeaders headers, string name) =>
        double.TryParse(Value(headers, name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && number < 86_400_000
            ? number
            : null;

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
