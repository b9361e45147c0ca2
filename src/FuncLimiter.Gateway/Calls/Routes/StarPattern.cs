namespace FuncLimiter.Gateway.Calls.Routes;

/// <summary>A pattern of a configuration: a whole text, or its beginning followed by a star.</summary>
internal static class StarPattern
{
    public static bool Matches(string pattern, string text, StringComparison comparison) =>
        pattern.EndsWith('*') ? text.AsSpan().StartsWith(pattern.AsSpan()[..^1], comparison) : text.Equals(pattern, comparison);
}
