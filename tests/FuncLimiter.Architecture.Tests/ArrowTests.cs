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
        ["FuncLimiter.WhatIf"] = ["FuncLimiter.Core", "FuncLimiter.Providers", "FuncLimiter.Gateway", "FuncLimiter.Simulation"],
        ["FuncLimiter.Server"] = ["FuncLimiter.Core", "FuncLimiter.Providers", "FuncLimiter.Gateway", "FuncLimiter.Simulation", "FuncLimiter.WhatIf"],
        ["FuncLimiter.Client"] = [],
        ["FuncLimiter.IndependentProvider"] = [],
    };

    /// <summary>The rooms of the gateway, and which others each may use; a room is a folder and a namespace.</summary>
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["Configuration"] = [],
        ["Calls"] = ["Configuration"],
        ["Jobs"] = ["Configuration", "Calls"],
        ["Operations"] = ["Configuration", "Calls"],
        ["Http"] = ["Configuration", "Calls", "Jobs", "Operations"],
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

    public static TheoryData<string> RoomNames => [.. Rooms.Keys];

    [Theory]
    [MemberData(nameof(RoomNames))]
    public void Room_UsesOnlyWhatItsArrowsAllow(string room)
    {
        const string Gateway = "FuncLimiter.Gateway.";
        var wrong =
            from file in SourceFiles(Path.Combine("FuncLimiter.Gateway", room))
            from line in File.ReadLines(file)
            let at = line.IndexOf(Gateway, StringComparison.Ordinal)
            where at >= 0 && line.StartsWith("using ", StringComparison.Ordinal)
            let other = line[(at + Gateway.Length)..].Split('.', ';')[0]
            where other != room && !Rooms[room].Contains(other)
            select $"{Path.GetFileName(file)}: {line}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Gateway_HasItsRoomsOnly_AndEveryFileStandsInTheNamespaceOfItsFolder()
    {
        var gateway = Path.Combine(RepositoryRoot(), "src", "FuncLimiter.Gateway");
        var misplaced = SourceFiles("FuncLimiter.Gateway").Where(file =>
            !File.ReadLines(file).Contains($"namespace FuncLimiter.Gateway.{Path.GetRelativePath(gateway, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.')};"));

        Assert.Equal(Rooms.Keys.Order(StringComparer.Ordinal), Directory.GetDirectories(gateway).Select(Path.GetFileName).Except(["bin", "obj"]).Order(StringComparer.Ordinal));
        Assert.Empty(misplaced.Select(Path.GetFileName));
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
        var source = SourceFiles("FuncLimiter.Core");
        string[] ambient = ["UtcNow", "DateTime.Now", "Stopwatch", "TimeProvider", "new Random(", "Random.Shared", "Guid.NewGuid", "Environment.", "Task.Run", "Thread."];

        var found = source
            .SelectMany(path => File.ReadLines(path).Select((line, index) => (path, line, number: index + 1)))
            .Where(entry => !entry.line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .Where(entry => ambient.Any(word => entry.line.Contains(word, StringComparison.Ordinal)))
            .Select(entry => $"{Path.GetFileName(entry.path)}:{entry.number}: {entry.line.Trim()}");

        Assert.NotNull(core);
        Assert.Empty(found);
    }

    private static IEnumerable<string> SourceFiles(string folder) =>
        Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "src", folder), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

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
