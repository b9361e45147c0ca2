using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Benchmarks.Throughput;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>
/// What load does: to calls one after the other, and to callers whom there is no room for. What a call costs in processor time is told as
/// well: that figure holds on a machine that has other work.
/// </summary>
internal static class LoadSection
{
    public const string Name = "load";
    public const string Key = "bench-key";

    private const string Ours = "FuncLimiter.Server";
    private const string Plain = "plain proxy (YARP)";
    private const string Direct = "direct";
    private const string CallWork = "processor µs a call";
    private const string CallP50 = "call p50 ms";
    private const string AdmittedP99 = "admitted p99 ms";
    private const string AloneP99 = "p99 ms without the crowd";
    private const string RefusedP99 = "refused p99 ms";
    private const string Normal = "s until normal";

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        List<Row> rows = [];
        try
        {
            await using var upstream = await PacedUpstream.StartAsync();
            rows.AddRange(await CallsAsync(upstream, effort, progress));
            rows.Add(await CrowdAsync(upstream, effort, progress));
        }
        catch (NotAvailableException exception)
        {
            rows.Add(new("all", [], $"not available: {exception.Message}"));
        }

        var served = Section.Median(rows, Crowd.Name, AdmittedP99) / Section.Median(rows, Crowd.Name, AloneP99);
        return new(
            Name,
            $"{Crowd.Places} callers one call after the other; {Crowd.Callers} callers where {Crowd.Places} can be served",
            rows,
            [
                new($"processor time of a call, {Ours} over {Plain}", Section.Ratio(rows, Ours, Plain, CallWork), 2, AtMost: true),
                new("p99 of who is admitted out of ten times too many, over p99 without the crowd", served, 3, AtMost: true),
                new("seconds until a call is served as before, after the crowd", Section.Median(rows, Crowd.Name, Normal), 5, AtMost: true),
            ]);
    }

    private static async Task<IReadOnlyList<Row>> CallsAsync(PacedUpstream upstream, Effort effort, TextWriter progress)
    {
        using var scratch = new ScratchFolder();
        var (ourPort, plainPort) = (LoopbackPort.Free(), LoopbackPort.Free());
        await using var server = await EmbeddedServer.Start(scratch, ourPort, upstream.Port, Key);
        await using var proxy = await PlainProxy.Start(plainPort, upstream.Port);
        Contender[] contenders = [Of(Direct, upstream.Port, null), Of(Plain, plainPort, proxy.Id), Of(Ours, ourPort, server.Id)];
        return await Rounds.Run(contenders, effort, progress);

        static Contender Of(string name, int port, int? process) => new(name, "", async time =>
        {
            var work = new Work(process);
            work.Begin();
            var calls = await Crowd.RunAsync(port, Key, Crowd.Places, time, null, Crowd.AtOnce);
            work.End();
            List<Sample> samples = [new(CallP50, Percentile.Of(calls.Served, 0.5))];
            return process is null ? samples : [.. samples, new(CallWork, work.Microseconds / calls.Served.Count)];
        });
    }

    private static async Task<Row> CrowdAsync(PacedUpstream upstream, Effort effort, TextWriter progress)
    {
        using var scratch = new ScratchFolder();
        var port = LoopbackPort.Free();
        await using var server = await EmbeddedServer.Start(scratch, port, upstream.Port, Key, Crowd.Places);
        await Crowd.RunAsync(port, Key, Crowd.Places, TimeSpan.FromSeconds(3), null);
        var alone = await Crowd.RunAsync(port, Key, Crowd.Places, TimeSpan.FromSeconds(5), null);
        var crowd = await Crowd.RunAsync(port, Key, Crowd.Callers, effort.RoundTime * 10, null);
        var normal = await Crowd.NormalAsync(port, Key);
        await progress.WriteLineAsync($"   crowd: {crowd.Served.Count} served, {crowd.Refused.Count} refused, {crowd.Failed} failed");
        return new Row(
            Crowd.Name,
            [
                new(AloneP99, [Percentile.Of(alone.Served, 0.99)]),
                new(AdmittedP99, [Percentile.Of(crowd.Served, 0.99)]),
                new(RefusedP99, [Percentile.Of(crowd.Refused, 0.99)]),
                new(Normal, [normal.TotalSeconds]),
            ],
            $"{crowd.Served.Count} served, {crowd.Refused.Count} refused with 429, {crowd.Failed} failed");
    }
}
