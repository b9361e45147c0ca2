using System.Collections.Frozen;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FuncLimiter.Gateway.Http;

/// <summary>
/// Lets pages of the configured origins call from a browser (the Fetch standard's CORS protocol). What operators look at is for no page but the
/// dashboard's own.
/// </summary>
internal sealed class CrossOrigin(GatewayConfiguration configuration)
{
    private const string Any = "*";
    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    private const int MostHeaderCharacters = 4096;

    private static readonly PathString[] Operators = ["/status", "/metrics", "/usage", "/dashboard", "/admin", "/operator", "/health"];

    private static readonly string Exposed = string.Join(", ",
        FuncLimiterHeaders.RateLimit, FuncLimiterHeaders.RateLimitPolicy, "Retry-After", FuncLimiterHeaders.RetryAfterMs, FuncLimiterHeaders.ShouldRetry,
        FuncLimiterHeaders.Deployment, FuncLimiterHeaders.WaitedMs, FuncLimiterHeaders.Pressure, FuncLimiterHeaders.Reason, FuncLimiterHeaders.CostUsd,
        FuncLimiterHeaders.RunLeft, FuncLimiterHeaders.BudgetWarning,
        "Location", "x-request-id", "request-id", "openai-processing-ms");

    private readonly FrozenSet<string> _origins = configuration.CorsOrigins.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets what the answer to a request of a page must say.</summary>
    /// <returns>True where the request only asked for that, and is answered by it.</returns>
    public bool Answers(HttpContext context)
    {
        var request = context.Request;
        var isAllowed = Allow(context, out var asksFirst);
        if (!HttpMethods.IsOptions(request.Method))
        {
            return false;
        }

        var headers = context.Response.Headers;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        if (!asksFirst)
        {
            headers.Allow = Methods;
        }
        else if (isAllowed)
        {
            headers.AccessControlAllowMethods = Methods;
            headers.AccessControlMaxAge = "600";
            headers.Append(HeaderNames.Vary, HeaderNames.AccessControlRequestHeaders);
            if (request.Headers.AccessControlRequestHeaders.ToString() is { Length: > 0 and <= MostHeaderCharacters } asked)
            {
                headers.AccessControlAllowHeaders = HeaderText.Printable(asked);
            }
        }

        return true;
    }

    private bool Allow(HttpContext context, out bool asksFirst)
    {
        var request = context.Request;
        var origin = request.Headers.Origin.ToString();
        asksFirst = HttpMethods.IsOptions(request.Method) && origin.Length > 0 && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);
        if (_origins.Count == 0)
        {
            return false;
        }

        // Caches must tell an answer to one origin from that to another.
        if (!context.Response.Headers.Vary.Contains(HeaderNames.Origin))
        {
            context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        }

        if (origin.Length == 0 || !(_origins.Contains(origin) || _origins.Contains(Any)) || Array.Exists(Operators, path => request.Path.StartsWithSegments(path)))
        {
            return false;
        }

        context.Response.Headers.AccessControlAllowOrigin = _origins.Contains(origin) ? origin : Any;
        context.Response.Headers.AccessControlExposeHeaders = Exposed;
        return true;
    }
}
