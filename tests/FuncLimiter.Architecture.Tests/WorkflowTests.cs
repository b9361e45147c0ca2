using System.Text.RegularExpressions;

namespace FuncLimiter.Architecture.Tests;

/// <summary>What runs on the repository's behalf is what was looked at.</summary>
public sealed partial class WorkflowTests
{
    [Fact]
    public void Workflow_UsesActionsByTheirDigestOnly()
    {
        var folder = Path.Combine(ArrowTests.RepositoryRoot(), ".github", "workflows");
        var uses = Directory.EnumerateFiles(folder, "*.yml").SelectMany(File.ReadLines).Where(line => line.TrimStart(' ', '-').StartsWith("uses:", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(uses);
        Assert.All(uses, line => Assert.Matches(Pinned(), line.Trim()));
    }

    [Fact]
    public void Workflow_MayDoNoMoreThanItSays()
    {
        var folder = Path.Combine(ArrowTests.RepositoryRoot(), ".github", "workflows");

        Assert.All(Directory.EnumerateFiles(folder, "*.yml"), file => Assert.Contains("\npermissions:\n", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Workflow_RunsScriptsThatThereAre()
    {
        var root = ArrowTests.RepositoryRoot();
        var scripts = Directory.EnumerateFiles(Path.Combine(root, ".github", "workflows"), "*.yml").SelectMany(file => Script().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value).ToList();

        Assert.Equal([".ci/core-tools", ".ci/run"], scripts.Order(StringComparer.Ordinal));
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(root, script)), script));
    }

    [Fact]
    public void Release_TellsWhatItIsMadeOf()
    {
        var release = File.ReadAllText(Path.Combine(ArrowTests.RepositoryRoot(), ".github", "workflows", "release.yml"));

        Assert.Contains("-t:BillOfMaterials", release, StringComparison.Ordinal);
        Assert.Contains("Name=\"BillOfMaterials\"", File.ReadAllText(Path.Combine(ArrowTests.RepositoryRoot(), "Directory.Build.targets")), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"run: bash (\S+)")]
    private static partial Regex Script();

    [GeneratedRegex(@"^(- )?uses: (\./\S+|[\w-]+/[\w-]+(/[\w-]+)?@[0-9a-f]{40} # v[\d.]+)$")]
    private static partial Regex Pinned();
}
