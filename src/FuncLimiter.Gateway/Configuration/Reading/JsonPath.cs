using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Configuration.Reading;

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
