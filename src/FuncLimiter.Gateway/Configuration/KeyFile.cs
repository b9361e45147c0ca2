namespace FuncLimiter.Gateway.Configuration;

/// <summary>A file that holds one key and nothing else; spaces and line breaks around it don't count.</summary>
internal static class KeyFile
{
    private const int MostBytes = 64 * 1024;

    /// <summary>Reads the key.</summary>
    /// <exception cref="InvalidDataException">It holds none, with the reason.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string path)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new InvalidDataException($"it has more than {MostBytes} bytes");
        }

        return KeyIn(File.ReadAllText(path));
    }

    /// <summary>The same, without holding a thread.</summary>
    public static async Task<string> ReadAsync(string path)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new InvalidDataException($"it has more than {MostBytes} bytes");
        }

        return KeyIn(await File.ReadAllTextAsync(path));
    }

    private static string KeyIn(string text)
    {
        var key = text.Trim();
        return key.Length == 0 ? throw new InvalidDataException("it is empty")
            : key.Any(static one => one is <= ' ' or > '~') ? throw new InvalidDataException("a key has no spaces, line breaks or letters beyond ASCII")
            : key;
    }
}
