using System.Text.Json;
using System.Text.RegularExpressions;

namespace FuncLimiter.Architecture.Tests;

/// <summary>Who uses FuncLimiter is told whose work it contains.</summary>
public sealed partial class NoticeTests
{
    [Theory]
    [InlineData("FuncLimiter.Server")]
    [InlineData("FuncLimiter.Functions")]
    [InlineData("FuncLimiter.Client")]
    public void Notice_NamesEveryPackageThatShips(string project)
    {
        var root = ArrowTests.RepositoryRoot();
        var named = Row().Matches(File.ReadAllText(Path.Combine(root, "NOTICE.md"))).Select(row => row.Groups[1].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        using var assets = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "src", project, "obj", "project.assets.json")));
        // What builds only, such as analyzers, has no part that runs.
        var packages = assets.RootElement.GetProperty("targets").EnumerateObject().SelectMany(target => target.Value.EnumerateObject())
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Where(library => library.Value.TryGetProperty("runtime", out _) || library.Value.TryGetProperty("runtimeTargets", out _))
            .Select(library => library.Name.Split('/')[0])
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.NotEmpty(packages);
        Assert.DoesNotContain(packages, package => !named.Contains(package));
    }

    [GeneratedRegex(@"^\| ([A-Za-z][\w.]+) \| [\w. -]+ \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
