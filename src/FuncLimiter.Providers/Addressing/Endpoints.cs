namespace FuncLimiter.Providers.Addressing;

/// <summary>Joins an account's base address and an API's path.</summary>
internal static class Endpoints
{
    /// <summary>
    /// The address of a path under a base. Segments that the base already ends with are not repeated, so that both
    /// <c>https://host</c> and <c>https://host/v1</c> work as a base for <c>/v1/chat/completions</c>.
    /// </summary>
    /// <param name="endpoint">The base.</param>
    /// <param name="path">The path, with its leading slash.</param>
    /// <param name="query">The query with its question mark, or empty.</param>
    public static Uri Join(Uri endpoint, string path, string query)
    {
        var left = endpoint.AbsolutePath.TrimEnd('/');
        var overlap = LongestOverlap(left, path);
        return new Uri(string.Concat(endpoint.GetLeftPart(UriPartial.Authority), left, path.AsSpan(overlap), query));
    }

    private static int LongestOverlap(string left, string path)
    {
        for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (left.EndsWith(path[..end], StringComparison.OrdinalIgnoreCase))
            {
                return end;
            }
        }

        return 0;
    }
}
