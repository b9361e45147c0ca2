using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Passing;

/// <summary>Google's clients may send their key in the query: it is read where other keys are, and goes no further.</summary>
internal static class QueryKey
{
    private const string Header = "x-goog-api-key";

    /// <summary>Takes the key out of the query.</summary>
    public static void Take(HttpRequest request)
    {
        if (request.QueryString.Value is not { Length: > 1 } query || !request.Query.TryGetValue("key", out var key))
        {
            return;
        }

        if (string.IsNullOrEmpty(request.Headers[Header]))
        {
            request.Headers[Header] = key;
        }

        var rest = string.Join('&', query[1..].Split('&').Where(static part => !part.Split('=')[0].Equals("key", StringComparison.OrdinalIgnoreCase)));
        request.QueryString = new QueryString(rest.Length == 0 ? "" : $"?{rest}");
    }
}
