namespace FuncLimiter.Gateway.Passing;

/// <summary>Matches paths against the patterns of a configuration.</summary>
internal static class PathPattern
{
    /// <summary>Whether one of the patterns is a path, or a part of its beginning followed by a star.</summary>
    public static bool Matches(IReadOnlyList<string> patterns, string path)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.EndsWith('*') ? path.StartsWith(pattern.AsSpan()[..^1], StringComparison.OrdinalIgnoreCase) : path.Equals(pattern, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
