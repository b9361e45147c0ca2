namespace FuncLimiter.Server.Virtual.Reading;

/// <summary>How a day's calls are spread over its hours.</summary>
internal static class DayProfile
{
    private static readonly Dictionary<string, int[]> Known = new(StringComparer.Ordinal)
    {
        ["flat"] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        ["office"] = [1, 1, 1, 1, 1, 1, 2, 5, 10, 14, 16, 15, 12, 14, 16, 15, 13, 9, 5, 3, 2, 2, 1, 1],
        ["evening"] = [3, 2, 1, 1, 1, 1, 1, 2, 3, 4, 4, 5, 6, 6, 6, 6, 7, 9, 12, 15, 16, 14, 10, 6],
        ["night"] = [16, 16, 16, 15, 12, 8, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 15],
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>A day's calls by hour; null where there is no such profile.</summary>
    public static double[]? Spread(double callsPerDay, string profile)
    {
        if (!Known.TryGetValue(profile, out var weights))
        {
            return null;
        }

        var whole = weights.Sum();
        return [.. weights.Select(weight => callsPerDay * weight / whole)];
    }
}
