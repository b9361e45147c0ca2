namespace FuncLimiter.Providers.Addressing;

/// <summary>A query string, with its question mark or empty.</summary>
internal static class Query
{
    /// <summary>The value of a parameter as it is written; null where it is not there.</summary>
    public static string? Value(string query, string name)
    {
        foreach (var part in Parts(query))
        {
            if (IsNamed(part, name))
            {
                return part.Length > name.Length ? part[(name.Length + 1)..] : "";
            }
        }

        return null;
    }

    /// <summary>The query without a parameter.</summary>
    public static string Without(string query, string name)
    {
        if (Value(query, name) is null)
        {
            return query;
        }

        var rest = string.Join('&', Parts(query).Where(part => !IsNamed(part, name)));
        return rest.Length == 0 ? "" : $"?{rest}";
    }

    /// <summary>The query with a parameter added at its end.</summary>
    public static string With(string query, string name, string value) => query.Length <= 1 ? $"?{name}={value}" : $"{query}&{name}={value}";

    private static string[] Parts(string query) => query.Length <= 1 ? [] : query[1..].Split('&');

    private static bool IsNamed(string part, string name) =>
        part.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (part.Length == name.Length || part[name.Length] == '=');
}
