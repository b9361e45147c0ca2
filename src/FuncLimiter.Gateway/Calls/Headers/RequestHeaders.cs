using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>Chooses the headers of a request that go on to the provider.</summary>
internal static class RequestHeaders
{
    /// <summary>
    /// What stays here: credentials and what names the caller's own account, what concerns one connection only (RFC 9110, 7.6.1),
    /// what tells where the caller sits, what FuncLimiter reads itself, and Accept-Encoding, since usage is read from answers on their way.
    /// </summary>
    private static readonly FrozenSet<string> Kept = new[]
    {
        "Authorization", "x-api-key", "api-key", "x-goog-api-key", "Cookie", "Ocp-Apim-Subscription-Key", "x-functions-key",
        "OpenAI-Organization", "OpenAI-Project",
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Host", "Content-Length", "Expect", "Accept-Encoding",
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "Origin", "Referer",
        FuncLimiterHeaders.Priority, FuncLimiterHeaders.User, FuncLimiterHeaders.Workflow, FuncLimiterHeaders.Step, FuncLimiterHeaders.Run,
        FuncLimiterHeaders.RunClosing, FuncLimiterHeaders.Tenant, FuncLimiterHeaders.Tier, FuncLimiterHeaders.Prefer, FuncLimiterHeaders.IdempotencyKey,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The headers to pass on, as they came.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IHeaderDictionary headers)
    {
        var named = ConnectionOptions(headers);
        var passed = new List<KeyValuePair<string, string>>(headers.Count);
        foreach (var (name, value) in headers)
        {
            if (!name.StartsWith(':') && !Kept.Contains(name) && (named is null || !named.Contains(name)))
            {
                passed.Add(new(name, value.ToString()));
            }
        }

        return passed;
    }

    /// <summary>Headers that the caller itself declared to concern this connection only; null where there are none, which is usual.</summary>
    private static HashSet<string>? ConnectionOptions(IHeaderDictionary headers)
    {
        var connection = headers.Connection.ToString();
        return connection.Length == 0 || connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
            ? null
            : connection.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }
}
