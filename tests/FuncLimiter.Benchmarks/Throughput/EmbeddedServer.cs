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

    /// <param name="scratch">Where its files are.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="upstreamPort">Where its upstream listens.</param>
    /// <param name="tenantKey">The key of its one tenant.</param>
    /// <param name="concurrent">How many calls may be under way at once.</param>
    public static async Task<ChildProcess> Start(ScratchFolder scratch, int port, int upstreamPort, string tenantKey, long concurrent = OutOfReach)
    {
        var configuration = scratch.Write("funclimiter.json", JsonSerializer.Serialize(Configuration(upstreamPort, tenantKey, concurrent)));
        string[] arguments =
        [
            Repository.Server, "serve", "--config", configuration,
            "--data", Path.Combine(scratch.Path, "data"), "--urls", $"http://127.0.0.1:{port}",
        ];
        var start = new ProcessStartInfo("dotnet", arguments);
        start.Environment["BENCH_UPSTREAM_KEY"] = tenantKey;
        return await ChildProcess.Serve(start, port);
    }

    private static object Configuration(int upstreamPort, string tenantKey, long concurrent)
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
                    limits = concurrent == OutOfReach ? (object)new { rpm = OutOfReach } : new { rpm = OutOfReach, concurrent },
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
