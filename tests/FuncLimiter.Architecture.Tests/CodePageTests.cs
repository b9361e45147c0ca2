using System.Text.RegularExpressions;

namespace FuncLimiter.Architecture.Tests;

public partial class CodePageTests
{
    [Fact]
    public void EveryPathOfTheMap_Exists()
    {
        var root = ArrowTests.RepositoryRoot();
        var paths = Paths().Matches(File.ReadAllText(Path.Combine(root, "docs", "code.md"))).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.InRange(paths.Count, 50, int.MaxValue);
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(root, path.StartsWith("tests", StringComparison.Ordinal) ? "" : "src", path)), path));
    }

    /// <summary>A name means one thing in all of the code. What callers of the client's package see is named as the API names it.</summary>
    [Fact]
    public void NoTypeName_StandsForTwoThings()
    {
        var twice =
            from name in new[] { "Core", "Providers", "Gateway", "Server", "Functions", "Simulation", "WhatIf" }
            let folder = Path.Combine(ArrowTests.RepositoryRoot(), "src", $"FuncLimiter.{name}")
            from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            from declaration in Types().Matches(File.ReadAllText(file))
            where !declaration.Value.Contains("partial ", StringComparison.Ordinal)
            group file by declaration.Groups[1].Value into places
            where places.Count() > 1
            select $"{places.Key}: {string.Join(", ", places.Select(Path.GetFileName))}";

        Assert.Empty(twice);
    }

    [GeneratedRegex("`((?:FuncLimiter\\.[A-Za-z]+|tests)(?:/[^`]*)?)`")]
    private static partial Regex Paths();

    [GeneratedRegex(@"^(?:(?:public|internal|sealed|static|abstract|readonly|partial|ref) )*(?:class|record struct|record|struct|enum|interface) (\w+<?)", RegexOptions.Multiline)]
    private static partial Regex Types();
}
