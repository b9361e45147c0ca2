using System.Text.Json;

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
