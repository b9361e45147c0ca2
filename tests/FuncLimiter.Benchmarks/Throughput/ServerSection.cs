using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>What stands between an agent and its answer: requests per second and latency through ours and through peers.</summary>
internal static class ServerSection
{
    public const string Name = "server";
    private const string Ours = "FuncLimiter.Server";
    private const string Portkey = "@portkey-ai/gateway";
    private const string Proxy = "nginx proxy_pass";
    private const string TenantKey = "bench-key";

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        IReadOnlyList<Row> rows;
        try
        {
            rows = await Measure(effort, progress);
        }
        catch (NotAvailableException exception)
        {
            rows = [new("all", [], $"not available: {exception.Message}")];
        }

        return new(
            Name,
            $"wrk over {Peers.Connections} connections and over one (alone), the same fixed upstream behind everyone",
            rows,
            [
                new($"{Ours} over {Portkey}, requests/s", Ratio(rows, Portkey), 10),
                new($"{Ours} over {Proxy}, requests/s", Ratio(rows, Proxy), 0.3),
            ]);
    }

    private static async Task<IReadOnlyList<Row>> Measure(Effort effort, TextWriter progress)
    {
        using var scratch = new ScratchFolder();
        var upstreamPort = LoopbackPort.Free();
        var wrk = new Wrk(upstreamPort, TenantKey);
        await using var upstream = await Nginx.StartUpstream(scratch, upstreamPort);
        await using var peers = new Peers(wrk);

        await peers.Enter("upstream itself", upstreamPort);
        await peers.Start(Ours, port => EmbeddedServer.Start(scratch, port, upstreamPort, TenantKey));
        await peers.Start(Portkey, PortkeyGateway.Start);
        await peers.Start(Proxy, port => Nginx.StartProxy(scratch, port, upstreamPort));
        return [.. await Rounds.Run(peers.Contenders, effort, progress), .. peers.Missing];
    }

    // A rate that was reached by failing says nothing.
    private static double? Ratio(IReadOnlyList<Row> rows, string peer) =>
        Section.Median(rows, Ours, Peers.Errors) is 0 && Section.Median(rows, peer, Peers.Errors) is 0
            ? Section.Ratio(rows, Ours, peer, Peers.PerSecond)
            : null;
}
