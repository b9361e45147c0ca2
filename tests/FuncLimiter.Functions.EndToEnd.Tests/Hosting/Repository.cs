namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>Where the repository's own files and builds are.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A project's build, of the configuration that the tests were built in.</summary>
    public static string BuildOf(params string[] project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine([Root, .. project, "bin", framework.Parent!.Name, framework.Name]);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder.");
    }
}
