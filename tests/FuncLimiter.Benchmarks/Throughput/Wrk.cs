using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>What one load gave; times in microseconds.</summary>
internal readonly record struct WrkResult(double PerSecond, double Median, double Percentile99, double Errors);

/// <summary>The load generator wrk, with one fixed request for everyone.</summary>
internal sealed class Wrk
{
    private readonly string _program = Tool.Wrk.Require();
    private readonly string _script = Path.Combine(Repository.Benchmarks, "Throughput", "request.lua");
    private readonly int _upstreamPort;
    private readonly string _key;

    /// <param name="upstreamPort">Where a peer that is told by header finds the upstream.</param>
    /// <param name="key">The key sent as bearer.</param>
    /// <exception cref="NotAvailableException">This machine has no wrk.</exception>
    public Wrk(int upstreamPort, string key) => (_upstreamPort, _key) = (upstreamPort, key);

    /// <summary>Asks for chat completions at a port over so many connections, each with one request under way.</summary>
    /// <param name="port">Where.</param>
    /// <param name="connections">How many connections.</param>
    /// <param name="time">For how long; wrk knows whole seconds only.</param>
    public async Task<WrkResult> Load(int port, int connections, TimeSpan time)
    {
        var seconds = Math.Max(1, (int)Math.Round(time.TotalSeconds));
        string[] arguments =
        [
            "-t", "1", "-c", connections.ToString(CultureInfo.InvariantCulture), "-d", $"{seconds}s", "--timeout", "10s",
            "-s", _script, $"http://127.0.0.1:{port}/v1/chat/completions",
        ];
        var start = new ProcessStartInfo(_program, arguments);
        start.Environment["BENCH_UPSTREAM"] = $"http://127.0.0.1:{_upstreamPort}";
        start.Environment["BENCH_KEY"] = _key;
        var printed = await ChildProcess.Run(start, TimeSpan.FromSeconds(seconds + 20));
        var result = printed.Split('\n').Single(line => line.StartsWith("result ", StringComparison.Ordinal))
            .Split(' ').Skip(1).Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        return new(result["requests"] / result["seconds"], result["p50"], result["p99"], result["errors"]);
    }
}
