using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>FuncLimiter's own server as a process, on a configuration whose limits are all counted and never reached.</summary>
internal static class EmbeddedServer
{
    private const long OutOfReach = 1_000_000_000;

    public static async Task<ChildProcess> Start(ScratchFolder scratch, int port, int upstreamPort, string tenantKey)
    {
        var configuration = scratch.Write("funclimiter.json", JsonSerializer.Serialize(Configuration(upstreamPort, tenantKey)));
        string[] arguments =
        [
            Repository.Server, "serve", "--config", configuration,
            "--data", Path.Combine(scratch.Path, "data"), "--urls", $"http://127.0.0.1:{port}",
        ];
        var start = new ProcessStartInfo("dotnet", arguments);
        start.Environment["BENCH_UPSTREAM_KEY"] = tenantKey;
        return await ChildProcess.Serve(start, port);
    }

    private static object Configuration(int upstreamPort, string tenantKey)
    {
        var limits = new { rpm = OutOfReach, tpm = OutOfReach };
        return new
        {
            accounts = new[]
            {
                new
                {
                    id = "bench",
                    provider = "openai",
                    endpoint = $"http://127.0.0.1:{upstreamPort}",
                    apiKey = "${BENCH_UPSTREAM_KEY}",
                    limits = new { rpm = OutOfReach },
                    models = new[] { new { model = "gpt-x", limits } },
                },
            },
            routes = new[] { new { model = "gpt-x", targets = new[] { "bench/gpt-x" } } },
            tenants = new[]
            {
                new
                {
                    id = "bench",
                    keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenantKey)))}" },
                    weight = 1,
                    limits,
                    userLimits = limits,
                },
            },
        };
    }
}
