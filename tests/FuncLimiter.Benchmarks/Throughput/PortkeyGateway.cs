using System.Diagnostics;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>The npm package @portkey-ai/gateway in the version that the package file beside this pins.</summary>
internal static class PortkeyGateway
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);

    public static async Task<ChildProcess> Start(int port)
    {
        var entry = Path.Combine(await Install(), "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
        var start = new ProcessStartInfo(Tool.Node.Require(), [entry, $"--port={port}", "--headless"]);
        start.Environment["NODE_ENV"] = "production";
        start.Environment["TRUSTED_CUSTOM_HOSTS"] = "127.0.0.1";
        return await ChildProcess.Serve(start, port);
    }

    private static async Task<string> Install()
    {
        var wanted = Path.Combine(Repository.Benchmarks, "peers", "portkey");
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Artifacts, "portkey")).FullName;
        var lockFile = Path.Combine(folder, "package-lock.json");
        var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        var pinned = await File.ReadAllTextAsync(Path.Combine(wanted, "package-lock.json"));
        if (File.Exists(installed) && File.Exists(lockFile) && await File.ReadAllTextAsync(lockFile) == pinned)
        {
            return folder;
        }

        File.Copy(Path.Combine(wanted, "package.json"), Path.Combine(folder, "package.json"), overwrite: true);
        await File.WriteAllTextAsync(lockFile, pinned);
        var install = new ProcessStartInfo(Tool.Npm.Require(), ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]) { WorkingDirectory = folder };
        await ChildProcess.Run(install, InstallTimeout);
        return folder;
    }
}
