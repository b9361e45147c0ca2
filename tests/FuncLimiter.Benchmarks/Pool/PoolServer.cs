using System.Diagnostics;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Pool;

/// <summary>FuncLimiter's own server as a process, in front of the four deployments.</summary>
internal static class PoolServer
{
    public static Task<ChildProcess> Start(ScratchFolder scratch, int port, Uri provider)
    {
        var configuration = scratch.Write("funclimiter.json", PoolScenario.Configuration(provider));
        var start = new ProcessStartInfo("dotnet", [Repository.Server, "serve", "--config", configuration, "--urls", $"http://127.0.0.1:{port}"]);
        foreach (var (name, value) in PoolScenario.Secrets)
        {
            start.Environment[name] = value;
        }

        return ChildProcess.Serve(start, port);
    }
}
