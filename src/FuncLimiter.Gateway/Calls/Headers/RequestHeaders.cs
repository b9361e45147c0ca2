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
        "Origin", "Referer",
        FuncLimiterHeaders.Priority, FuncLimiterHeaders.User, FuncLimiterHeaders.Workflow, FuncLimiterHeaders.Step, FuncLimiterHeaders.Run,
        FuncLimiterHeaders.RunClosing, FuncLimiterHeaders.Tenant, FuncLimiterHeaders.Tier, FuncLimiterHeaders.Prefer, FuncLimiterHeaders.IdempotencyKey,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The headers to pass on, as they came.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IHeaderDictionary headers)
    {
        var named = HopHeaders.Named(headers.Connection.ToString());
        var passed = new List<KeyValuePair<string, string>>(headers.Count);
        foreach (var (name, value) in headers)
        {
            if (!name.StartsWith(':') && !Kept.Contains(name) && !ProxyHeaders.Contain(name) && named?.Contains(name) != true)
            {
                passed.Add(new(name, value.ToString()));
            }
        }

        return passed;
    }
}

/// <summary>The headers that concern one connection only because its other end says so (RFC 9110, 7.6.1).</summary>
internal static class HopHeaders
{
    /// <summary>The names that a <c>Connection</c> header lists; null where there are none, which is usual.</summary>
    public static HashSet<string>? Named(string connection) => connection.Length == 0 || connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        ? null
        : connection.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
}

/// <summary>The headers in which proxies say who sits behind them, and by what name they were asked.</summary>
internal static class ProxyHeaders
{
    private static readonly string[] Starts = ["X-Forwarded-", "X-Original-", "X-Envoy-", "CF-Connecting-"];

    // True-Client-IP, Fly-Client-IP, X-Azure-ClientIP, X-Cluster-Client-IP and their like.
    private static readonly string[] Parts = ["Client-IP", "ClientIP", "ProxyUser-Ip"];

    private static readonly FrozenSet<string> Names = new[] { "Forwarded", "Via", "X-Real-IP", "CDN-Loop", "CF-Ray", "CF-IPCountry", "CF-Visitor" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a header is one of them.</summary>
    public static bool Contain(string name) => Names.Contains(name)
        || Array.Exists(Starts, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(Parts, part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
