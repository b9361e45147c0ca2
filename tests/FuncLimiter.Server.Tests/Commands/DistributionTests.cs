using System.Diagnostics;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>What docs/install.md says of the .NET tool, done on this machine.</summary>
public sealed class DistributionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-tool-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Tool_PackedAndInstalled_TellsItsVersionAndChecksAConfiguration()
    {
        var (packages, tools) = (Path.Combine(_folder.FullName, "packages"), Path.Combine(_folder.FullName, "tools"));
        await RunAsync("dotnet", "pack", "src/FuncLimiter.Server", "-c", "Release", "--no-build", "-o", packages);
        await RunAsync("dotnet", "tool", "install", "FuncLimiter", "--prerelease", "--tool-path", tools, "--source", packages);
        var program = Path.Combine(tools, "funclimiter");

        Assert.Equal(await RunAsync("dotnet", BuiltProgram.File, "--version"), await RunAsync(program, "--version"));
        Assert.Contains("is valid", await RunAsync(program, "check", "--config", "docs/samples/first-steps.json"), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = RepositoryRoot.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OPENAI_API_KEY"] = start.Environment["ANTHROPIC_API_KEY"] = "any";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await output}{await errors}");
        return await output;
    }
}
