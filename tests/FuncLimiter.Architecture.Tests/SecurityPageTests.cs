using System.Text.RegularExpressions;

namespace FuncLimiter.Architecture.Tests;

/// <summary>The threat model promises nothing that no test holds.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(ArrowTests.RepositoryRoot(), "docs", "security.md"));

    private static readonly Dictionary<string, string> Sources = Directory
        .EnumerateFiles(Path.Combine(ArrowTests.RepositoryRoot(), "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .GroupBy(file => Path.GetFileNameWithoutExtension(file))
        .ToDictionary(files => files.Key, files => string.Concat(files.Select(File.ReadAllText)));

    [Fact]
    public void EveryTestThatThePageNames_IsThere()
    {
        var named = Named().Matches(Page).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToList();

        Assert.True(named.Count >= 40, $"The page names {named.Count} tests.");
        Assert.All(named, test => Assert.True(
            Sources.TryGetValue(test.Class, out var source) && Regex.IsMatch(source, $@"\]\s+public [\w<> ]*\b{test.Method}\("), $"docs/security.md names {test.Class}.{test.Method}, which is no test."));
    }

    [Fact]
    public void EveryLineOfAThreat_NamesATest()
    {
        var rows = Page[Page.IndexOf("## What someone could try", StringComparison.Ordinal)..Page.IndexOf("## What is not held", StringComparison.Ordinal)]
            .Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal) && !line.StartsWith("| what ", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Matches(Named(), row));
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Named();
}
