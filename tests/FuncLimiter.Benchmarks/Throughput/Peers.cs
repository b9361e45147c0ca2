using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>The servers under load: started once, measured in turn, stopped together.</summary>
internal sealed class Peers(Wrk wrk) : IAsyncDisposable
{
    public const string PerSecond = "requests/s";
    public const string Errors = "errors";
    public const int Connections = 64;
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);
    private readonly List<ChildProcess> _running = [];

    /// <summary>Those that answer.</summary>
    public List<Contender> Contenders { get; } = [];

    /// <summary>Those that this machine can't run, with the reason.</summary>
    public List<Row> Missing { get; } = [];

    /// <summary>Starts a server on a free port and keeps it if it answers a first load without an error.</summary>
    public async Task Start(string name, Func<int, Task<ChildProcess>> start)
    {
        try
        {
            var port = LoopbackPort.Free();
            _running.Add(await start(port));
            await Enter(name, port);
        }
        catch (NotAvailableException exception)
        {
            Missing.Add(new(name, [], $"not available: {exception.Message}"));
        }
    }

    /// <summary>Takes in what answers at a port already.</summary>
    /// <exception cref="NotAvailableException">It does not answer well.</exception>
    public async Task Enter(string name, int port)
    {
        if (await wrk.Load(port, connections: 1, Probe) is { Errors: > 0 } or { PerSecond: 0 })
        {
            throw new NotAvailableException("it answers the request with errors");
        }

        Contenders.Add(new(name, "", time => Measure(port, time)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            await process.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<Sample>> Measure(int port, TimeSpan time)
    {
        var loaded = await wrk.Load(port, Connections, time);
        var alone = await wrk.Load(port, connections: 1, time / 3);
        return
        [
            new(PerSecond, loaded.PerSecond),
            new("p50 µs", loaded.Median),
            new("p99 µs", loaded.Percentile99),
            new("alone p50 µs", alone.Median),
            new(Errors, loaded.Errors + alone.Errors),
        ];
    }
}
