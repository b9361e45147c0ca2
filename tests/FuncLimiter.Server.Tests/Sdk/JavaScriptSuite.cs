using System.Text.RegularExpressions;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The tests in JavaScript: where they are, what they are called, and whether they can run.</summary>
internal static partial class JavaScriptSuite
{
    /// <summary>The folder of the package.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>The program that runs them; null where this machine has none.</summary>
    public static string? Node { get; } = Find(OperatingSystem.IsWindows() ? "node.exe" : "node");

    /// <summary>Why they can't run here; null where they can.</summary>
    public static string? Obstacle =>
        Node is null ? "node is not installed"
        : !Directory.Exists(Path.Combine(Folder, "node_modules")) ? "the packages are not installed: run npm ci in tests/sdk"
        : null;

    /// <summary>The files that node is to run.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. Directory.EnumerateFiles(Folder, "*.test.mjs").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>The names of a file's tests, those of the suites that it takes in included.</summary>
    public static IEnumerable<string> TestsOf(string file)
    {
        var source = File.ReadAllText(Path.Combine(Folder, file));
        var own = TestName().Matches(source).Select(match => match.Groups[1].Value);
        return SuiteImport().Matches(source).SelectMany(match => TestsOf(match.Groups[1].Value)).Concat(own);
    }

    [GeneratedRegex(@"^\s*test\('([^']+)'", RegexOptions.Multiline)]
    private static partial Regex TestName();

    [GeneratedRegex(@"from '\./([\w-]+\.suite\.mjs)'")]
    private static partial Regex SuiteImport();

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder."), "tests", "sdk");
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
