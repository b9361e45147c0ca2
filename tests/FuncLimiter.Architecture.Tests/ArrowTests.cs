using System.Reflection;

namespace FuncLimiter.Architecture.Tests;

public class ArrowTests
{
    /// <summary>Which projects of ours each project may use directly; anything else is an arrow the wrong way.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["FuncLimiter.Core"] = [],
        ["FuncLimiter.Providers"] = ["FuncLimiter.Core"],
        ["FuncLimiter.Gateway"] = ["FuncLimiter.Core", "FuncLimiter.Providers"],
        ["FuncLimiter.Simulation"] = [],
        ["FuncLimiter.Functions"] = ["FuncLimiter.Core", "FuncLimiter.Providers", "FuncLimiter.Gateway"],
        ["FuncLimiter.Server"] = ["FuncLimiter.Core", "FuncLimiter.Providers", "FuncLimiter.Gateway", "FuncLimiter.Simulation"],
        ["FuncLimiter.Client"] = [],
        ["FuncLimiter.IndependentProvider"] = [],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_ReferencesOnlyWhatItsArrowsAllow(string name)
    {
        var ours = Assembly.Load(name).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(reference => reference.StartsWith("FuncLimiter.", StringComparison.Ordinal));

        Assert.Subset(Allowed[name].ToHashSet(), ours.ToHashSet());
    }

    /// <summary>What stands in for providers in the tests of the promises must share no source with the limiter either.</summary>
    [Fact]
    public void IndependentProvider_SharesNoSourceAndNoPackage()
    {
        var project = File.ReadAllText(Path.Combine(RepositoryRoot(), "tests", "FuncLimiter.IndependentProvider", "FuncLimiter.IndependentProvider.csproj"));

        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("PackageReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("Compile", project, StringComparison.Ordinal);
    }

    [Fact]
    public void Core_UsesTheFrameworkAndNothingElse()
    {
        var outside = Assembly.Load("FuncLimiter.Core").GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(reference => !reference.StartsWith("System.", StringComparison.Ordinal));

        Assert.Empty(outside);
    }

    [Fact]
    public void Core_NeverAsksForTheTimeOrForChance()
    {
        var core = Assembly.Load("FuncLimiter.Core");
        var source = Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "src", "FuncLimiter.Core"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        string[] ambient = ["UtcNow", "DateTime.Now", "Stopwatch", "TimeProvider", "new Random(", "Random.Shared", "Guid.NewGuid", "Environment.", "Task.Run", "Thread."];

        var found = source
            .SelectMany(path => File.ReadLines(path).Select((line, index) => (path, line, number: index + 1)))
            .Where(entry => !entry.line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .Where(entry => ambient.Any(word => entry.line.Contains(word, StringComparison.Ordinal)))
            .Select(entry => $"{Path.GetFileName(entry.path)}:{entry.number}: {entry.line.Trim()}");

        Assert.NotNull(core);
        Assert.Empty(found);
    }

    internal static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder.");
    }
}
