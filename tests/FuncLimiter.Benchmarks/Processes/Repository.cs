using System.Reflection;

namespace FuncLimiter.Benchmarks.Processes;

/// <summary>Where the checkout's parts are.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of this project.</summary>
    public static string Benchmarks => Path.Combine(Root, "tests", "FuncLimiter.Benchmarks");

    /// <summary>A folder for what is downloaded and not committed.</summary>
    public static string Artifacts => Directory.CreateDirectory(Path.Combine(Root, "artifacts", "benchmarks")).FullName;

    /// <summary>The server as it was built beside this program.</summary>
    public static string Server
    {
        get
        {
            var configuration = typeof(Repository).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "Release";
            return Path.Combine(Root, "src", "FuncLimiter.Server", "bin", configuration, "net10.0", "FuncLimiter.Server.dll");
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("FuncLimiter.sln is not above the program's folder.");
    }
}
