namespace FuncLimiter.Gateway.Tests;

/// <summary>Where the repository's own files are, seen from a test.</summary>
internal static class RepositoryRoot
{
    public static string File(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine([folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder."), .. parts]);
    }
}
