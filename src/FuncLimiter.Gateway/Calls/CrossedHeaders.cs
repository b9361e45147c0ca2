using FuncLimiter.Gateway.Headers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls;

/// <summary>The headers and the query of calls that are made in another API than their caller's.</summary>
internal static class CrossedHeaders
{
    private static readonly string[] Prefixes = ["anthropic-", "openai-", "x-stainless-"];

    private static readonly string[] RequestIds = ["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"];

    /// <summary>What a caller says in its headers or its query that no other API is told: features that are switched on there.</summary>
    public static Loss? Loss(CallEnvelope call)
    {
        foreach (var (name, value) in call.Headers)
        {
            if (value.Length > 0 && (name.Equals("anthropic-beta", StringComparison.OrdinalIgnoreCase)
                || name.Equals("openai-beta", StringComparison.OrdinalIgnoreCase)))
            {
                return new Loss(name, "is a header that switches on what another API does not have");
            }
        }

        var query = call.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries);
        return query.FirstOrDefault(part => !part.StartsWith("api-version=", StringComparison.OrdinalIgnoreCase)) is { } other
            ? new Loss(other.Split('=')[0], "is a query parameter that another API does not have")
            : null;
    }

    /// <summary>Whether a caller's header speaks of its own API, or of the form of its answer.</summary>
    public static bool IsOfItsApi(string name) =>
        name.Equals("Accept", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Passes an answer's headers on, but for those of its body, and names the request as the caller's client looks for it.</summary>
    public static void Copy(HttpResponseMessage response, CallAnswer answer, Dialect dialect, string contentType)
    {
        ResponseHeaders.CopyWithoutBody(response, answer);
        var name = dialect == Dialect.Anthropic ? "request-id" : "x-request-id";
        if (RequestIds.Select(id => ResponseHeaders.Find(response, id)).FirstOrDefault(id => id is not null) is { } id)
        {
            answer.SetHeader(name, id);
        }

        answer.SetHeader("Content-Type", contentType);
    }
}
