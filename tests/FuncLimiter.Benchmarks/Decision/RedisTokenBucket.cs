using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>
/// One token bucket as a Lua script in a Redis of our own on loopback without persistence, asked by Redis's own load
/// generator, which costs less than any client library would: the best case of a shared counter.
/// </summary>
internal sealed class RedisTokenBucket : IAsyncDisposable
{
    private const int FirstAsks = 10_000;
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(60);
    private readonly ChildProcess _server;
    private readonly string _loadGenerator;
    private readonly string _port;
    private readonly string _scriptHash;

    private RedisTokenBucket(ChildProcess server, string loadGenerator, string port, string scriptHash) =>
        (_server, _loadGenerator, _port, _scriptHash) = (server, loadGenerator, port, scriptHash);

    /// <exception cref="NotAvailableException">Redis or its tools are missing.</exception>
    public static async Task<RedisTokenBucket> Start()
    {
        var loadGenerator = Tool.RedisBenchmark.Require();
        var client = Tool.RedisClient.Require();
        var number = LoopbackPort.Free();
        var port = Text(number);
        string[] arguments = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        var server = await ChildProcess.Serve(new ProcessStartInfo(Tool.RedisServer.Require(), arguments), number);
        try
        {
            var script = await File.ReadAllTextAsync(Path.Combine(Repository.Benchmarks, "Decision", "token-bucket.lua"));
            var hash = await ChildProcess.Run(new ProcessStartInfo(client, ["-p", port, "script", "load", script]), RunTimeout);
            return new(server, loadGenerator, port, hash.Trim());
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>So many clients, each asking one question after another.</summary>
    public Contender ToContender(int clients)
    {
        // The load generator takes a number of questions, not a time: the last round's rate tells how many fill the next.
        var rate = 0.0;
        return new(Name(clients), "1 token bucket in Lua on loopback, no settlement", async time =>
        {
            var asks = rate > 0 ? Math.Max(FirstAsks, (int)(rate * time.TotalSeconds)) : FirstAsks;
            var samples = await Ask(clients, asks);
            rate = samples[0].Value;
            return samples;
        });
    }

    public static string Name(int clients) => clients == 1 ? "Redis, 1 client" : $"Redis, {clients} clients";

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<IReadOnlyList<Sample>> Ask(int clients, int asks)
    {
        string[] arguments =
        [
            "-p", _port, "-c", Text(clients), "-n", Text(asks), "-r", Text(Workload.Tenants), "--csv",
            "evalsha", _scriptHash, "1", "bucket:__rand_int__", Text(Workload.TokensPerSecond), Text(Workload.TokensPerSecond), "1000",
        ];
        var table = await ChildProcess.Run(new ProcessStartInfo(_loadGenerator, arguments), RunTimeout);
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var columns = Cells(lines[^2]);
        var values = Cells(lines[^1]);
        double Value(string column) => double.Parse(values[Array.IndexOf(columns, column)], CultureInfo.InvariantCulture);
        var perSecond = Value("rps");
        return
        [
            new(DecisionLoop.PerSecond, perSecond),
            new("p50 µs", Value("p50_latency_ms") * 1000),
        ];
    }

    private static string[] Cells(string line) => line.Trim('"').Split("\",\"");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
