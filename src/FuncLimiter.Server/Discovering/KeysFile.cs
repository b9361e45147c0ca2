namespace FuncLimiter.Server.Discovering;

/// <summary>A file of keys as shells and tools keep them: <c>NAME=value</c>, a line each, <c>export</c> and quotes taken, <c>#</c> for comments.</summary>
internal sealed class KeysFile
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private KeysFile()
    {
    }

    /// <summary>The names, in the order of the file.</summary>
    public List<string> Names { get; } = [];

    /// <summary>A value; null where there is none.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">A line is none of these; the message says which, without what it holds.</exception>
    public static KeysFile Read(string text)
    {
        var file = new KeysFile();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var told = line.Trim();
            if (told.Length == 0 || told.StartsWith('#'))
            {
                continue;
            }

            told = told.StartsWith("export ", StringComparison.Ordinal) ? told["export ".Length..].TrimStart() : told;
            var name = told.IndexOf('=', StringComparison.Ordinal) is > 0 and var end ? told[..end].TrimEnd() : string.Empty;
            if (name.Length == 0 || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') || char.IsAsciiDigit(name[0]))
            {
                throw new FormatException($"line {number} is not NAME=value.");
            }

            if (file._values.TryAdd(name, Unquoted(told[(told.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim())))
            {
                file.Names.Add(name);
            }
            else
            {
                throw new FormatException($"line {number} has {name} for the second time.");
            }
        }

        return file;
    }

    private static string Unquoted(string value) =>
        value.Length >= 2 && value[0] == value[^1] && value[0] is '"' or '\'' ? value[1..^1] : value;
}
