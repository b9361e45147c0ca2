using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Gathers mistakes, so that all are told at once.</summary>
internal sealed class MistakeList
{
    /// <summary>The most that are told; a file with more is not read by a person line by line.</summary>
    public const int Most = 1000;

    public const string Nothing = "nothing";

    private const int LongestFound = 60;

    private readonly List<ConfigurationMistake> _mistakes = [];
    private int _untold;

    public int Count => _mistakes.Count + _untold;

    public void Add(string path, string found, string fix)
    {
        if (_mistakes.Count < Most)
        {
            _mistakes.Add(new ConfigurationMistake(path, found, fix));
        }
        else
        {
            _untold++;
        }
    }

    public IReadOnlyList<ConfigurationMistake> All() => _untold == 0
        ? _mistakes
        : [.. _mistakes, new ConfigurationMistake(JsonPath.Root, $"{_untold} more mistakes", "mend the ones above and check again")];

    /// <summary>What stands at a place, short enough for one line.</summary>
    public static string Show(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Shorten(element.GetRawText()),
    };

    public static string Quote(string text) => Shorten($"\"{text}\"");

    /// <summary>What can be said of a secret: how it begins, and its length.</summary>
    public static string Mask(string secret) =>
        secret.Length < 12 ? $"a text of {secret.Length} characters" : $"\"{secret[..3]}...\" ({secret.Length} characters)";

    private static string Shorten(string text) => text.Length <= LongestFound ? text : $"{text[..LongestFound]}...";
}

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

/// <summary>Writes JSON paths.</summary>
internal static partial class JsonPath
{
    public const string Root = "$";

    public static string Member(string path, string name) =>
        Plain().IsMatch(name) ? $"{path}.{name}" : $"{path}['{name.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']";

    public static string Item(string path, int index) => $"{path}[{index}]";

    [GeneratedRegex(@"^[A-Za-z_$][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}

/// <summary>Finds names that stand twice.</summary>
/// <param name="mistakes">Where those are told.</param>
/// <param name="other">What has the name already, for example <c>another account</c>.</param>
internal sealed class UniqueNames(MistakeList mistakes, string other)
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    /// <summary>Takes a name; one that could not be read is passed over.</summary>
    /// <param name="shown">What to show in its place, where it must not be shown.</param>
    public void Add(string? name, string path, string? shown = null)
    {
        if (name is not null && !_paths.TryAdd(name, path))
        {
            mistakes.Add(path, $"{shown ?? MistakeList.Quote(name)}, which is {other} at {_paths[name]}", "write another one, or leave one of them out");
        }
    }
}
