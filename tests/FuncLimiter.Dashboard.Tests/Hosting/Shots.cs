namespace FuncLimiter.Dashboard.Tests.Hosting;

/// <summary>Where screenshots go: <c>artifacts/screenshots</c> in the repository.</summary>
internal static class Shots
{
    public static string Path(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        var root = folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder.");
        return System.IO.Path.Combine(root, "artifacts", "screenshots", name);
    }
}
