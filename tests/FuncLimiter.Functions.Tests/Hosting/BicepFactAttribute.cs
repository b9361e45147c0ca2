using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>A test that needs the compiler of the templates: a package on Linux x64, elsewhere the program on the path.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BicepFactAttribute : FactAttribute
{
    private static readonly string? Program = Find();

    public BicepFactAttribute() => Skip = Program is null ? "No Bicep compiler: its package is restored on Linux x64 only; elsewhere put bicep on the path." : null;

    /// <summary>Runs the compiler; its exit code, and what it has to say of the templates.</summary>
    public static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        var (code, _, said) = await RunAsync(new Dictionary<string, string?>(), arguments);
        return (code, said);
    }

    /// <summary>The same under some environment variables, null taking one away; with what it writes.</summary>
    public static async Task<(int Code, string Written, string Said)> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, said.Trim());
    }

    /// <summary>What a template compiles to; the compiler has nothing to say of it.</summary>
    public static async Task<JsonNode> CompileAsync(string template)
    {
        var compiled = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        try
        {
            Assert.Equal((0, ""), await RunAsync("build", template, "--outfile", compiled));
            return JsonNode.Parse(await File.ReadAllBytesAsync(compiled))!;
        }
        finally
        {
            File.Delete(compiled);
        }
    }

    private static string? Find()
    {
        var package = typeof(BicepFactAttribute).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(entry => entry.Key == "Bicep")?.Value;
        var name = OperatingSystem.IsWindows() ? "bicep.exe" : "bicep";
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name));
        return onPath.Prepend(package).FirstOrDefault(File.Exists);
    }
}
