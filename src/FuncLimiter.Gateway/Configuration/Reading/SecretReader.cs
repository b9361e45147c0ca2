using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Fills in what stands outside the file: <c>${NAME}</c> is the environment variable NAME.</summary>
internal sealed partial class SecretReader(Func<string, string?> environment, MistakeList mistakes)
{
    // As App Service writes them, which fills them in where they stand in app settings. Source: "Use Key Vault references as app settings", Microsoft Learn.
    private const string KeyVaultReference = "@Microsoft.KeyVault(";

    /// <summary>A secret: one <c>${NAME}</c> and nothing else.</summary>
    public string? Secret(ObjectReader owner, string name, bool required = false)
    {
        if (owner.Text(name, required) is not { } text)
        {
            return null;
        }

        if (IsReference(text))
        {
            mistakes.Add(owner.At(name), MistakeList.Quote(text), "write \"${NAME}\", and let the app setting NAME hold the Key Vault reference: the platform fills it in");
            return null;
        }

        var match = Whole().Match(text);
        if (!match.Success)
        {
            mistakes.Add(owner.At(name), MistakeList.Mask(text), "write \"${NAME}\", and set the environment variable NAME to the secret: secrets do not stand in the file");
            return null;
        }

        return FilledIn(match.Groups["name"].Value, owner.At(name), text);
    }

    /// <summary>
    /// A key that agents send, or its hash, out of one <c>${NAME}</c>; false where the text is another. Null, and a mistake, where it can't be read.
    /// </summary>
    public bool TryKey(string text, string path, out string? key)
    {
        key = null;
        var match = Whole().Match(text);
        if (!match.Success)
        {
            return false;
        }

        key = FilledIn(match.Groups["name"].Value, path, text);
        return true;
    }

    /// <summary>The key that a file holds; null, with a mistake, where it holds none.</summary>
    public string? InFile(string file, string path)
    {
        try
        {
            return KeyFile.Read(file);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            mistakes.Add(path, $"{MistakeList.Quote(file)}, which can't be taken: {trouble.Message}", "name a file that holds the key and nothing else");
            return null;
        }
    }

    /// <summary>A text in which each <c>${NAME}</c> is replaced; null where one cannot be.</summary>
    public string? Filled(ObjectReader owner, string name, bool required = false)
    {
        if (owner.Text(name, required) is not { } text)
        {
            return null;
        }

        var missing = false;
        var filled = Anywhere().Replace(text, match =>
        {
            var value = Variable(match.Groups["name"].Value, owner.At(name), match.Value);
            missing |= value is null;
            return value ?? string.Empty;
        });
        return missing ? null : filled;
    }

    private string? Variable(string variable, string path, string found)
    {
        var value = environment(variable);
        if (!string.IsNullOrWhiteSpace(value))
        {
            return value.Trim();
        }

        mistakes.Add(path, $"{found}, which is not set", $"set the environment variable {variable}");
        return null;
    }

    // A reference that nobody has filled in is no secret: anybody could write it.
    private string? FilledIn(string variable, string path, string found)
    {
        var value = Variable(variable, path, found);
        if (value is null || !IsReference(value))
        {
            return value;
        }

        mistakes.Add(path, $"{found}, which holds a Key Vault reference that is not filled in", "let the Functions platform fill it in, where the app's identity must be allowed to read the secret; elsewhere set the variable to the secret itself");
        return null;
    }

    private static bool IsReference(string text) => text.StartsWith(KeyVaultReference, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Anywhere();
}
