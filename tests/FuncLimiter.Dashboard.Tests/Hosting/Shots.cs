namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>Where screenshots go: <c>artifacts/screenshots</c> in the repository.</summary>
internal static class Shots
{
    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    public static string Path(string name) => System.IO.Path.Combine(Root, "artifacts", "screenshots", name);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder.");
    }
}
