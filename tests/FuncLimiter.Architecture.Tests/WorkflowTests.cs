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

    [GeneratedRegex(@"^(- )?uses: (\./\S+|[\w-]+/[\w-]+(/[\w-]+)?@[0-9a-f]{40} # v[\d.]+)$")]
    private static partial Regex Pinned();
}
