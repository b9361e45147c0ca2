namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Finds the known name that a misspelt one was meant to be.</summary>
internal static class NearestName
{
    private const int LongestCompared = 200;

    /// <summary>The nearest of the known names, or null where none is near: more than a third of its letters would have to change.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length is 0 or > LongestCompared)
        {
            return null;
        }

        var nearest = known
            .Where(candidate => candidate.Length <= LongestCompared)
            .Select(candidate => (candidate, distance: Distance(Bare(name), Bare(candidate))))
            .OrderBy(pair => pair.distance)
            .FirstOrDefault();
        return nearest.candidate is { } found && nearest.distance * 3 <= Math.Max(3, found.Length) ? found : null;
    }

    // Case and word separators are what people mix up first: api_key, ApiKey and apiKey are the same guess.
    private static string Bare(string name) =>
        string.Concat(name.Where(letter => letter is not ('_' or '-' or ' ')).Select(char.ToLowerInvariant));

    private static int Distance(string left, string right)
    {
        var above = Enumerable.Range(0, right.Length + 1).ToArray();
        var row = new int[right.Length + 1];
        for (var i = 1; i <= left.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
            }

            (above, row) = (row, above);
        }

        return above[right.Length];
    }
}
