using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Benchmarks.Throughput;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>
/// What many streams at once meet on their way: how late each chunk comes to a client, and how long after the one before, directly, through a plain proxy and through FuncLimiter.
/// Provider, client and whoever stands between them are processes of their own; what the first two take is told, since a machine that is
/// busy with them says nothing of the third.
/// </summary>
internal static class StreamsSection
{
    public const string Name = "streams";

    private const string Key = LoadSection.Key;
    private const string Ours = "FuncLimiter.Server";
    private const string Plain = "plain proxy (YARP)";
    private const string Direct = "direct";
    private const string ChunkP99 = "chunk p99 ms";
    private const string GapP99 = "gap p99 ms";
    private const string ChunkP50 = "chunk p50 ms";
    private const string Generators = "% provider and client take";
    private const string ChunkWork = "processor µs a chunk";

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        List<Row> rows = [];
        try
        {
            rows.AddRange(await ThroughAsync(effort, progress));
        }
        catch (NotAvailableException exception)
        {
            rows.Add(new("all", [], $"not available: {exception.Message}"));
        }

        return new(
            Name,
            $"{StreamClient.Streams} streams at once, {StreamProvider.Rate} chunks a second each; provider and client are processes of their own",
            rows,
            [
                new($"p99 between two chunks of a stream, {Ours} over {Direct}", Section.Ratio(rows, Ours, Direct, GapP99), 1.5, AtMost: true),
                new($"p99 of a chunk, {Ours} over {Plain}", Section.Ratio(rows, Ours, Plain, ChunkP99), 1.1, AtMost: true),
                new($"processor time of a chunk, {Ours} over {Plain}", Section.Ratio(rows, Ours, Plain, ChunkWork), 1.1, AtMost: true),
            ]);
    }

    private static async Task<IReadOnlyList<Row>> ThroughAsync(Effort effort, TextWriter progress)
    {
        using var scratch = new ScratchFolder();
        var (providerPort, ourPort, plainPort) = (LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free());
        await using var provider = await StreamProvider.Start(providerPort);
        await using var server = await EmbeddedServer.Start(scratch, ourPort, providerPort, Key);
        await using var proxy = await PlainProxy.Start(plainPort, providerPort);
        Contender[] contenders = [Of(Direct, providerPort, null), Of(Plain, plainPort, proxy.Id), Of(Ours, ourPort, server.Id)];
        return await Rounds.Run(contenders, effort, progress);

        Contender Of(string name, int port, int? process) => new(name, "", async time =>
        {
            var (work, sending) = (new Work(process), new Work(provider.Id));
            var found = await StreamClient.RunAsync(
                port,
                Key,
                time,
                () =>
                {
                    work.Begin();
                    sending.Begin();
                },
                () =>
                {
                    work.End();
                    sending.End();
                });
            List<Sample> samples =
            [
                new(ChunkP50, found.P50),
                new(ChunkP99, found.P99),
                new(GapP99, found.GapP99),
                new(Generators, (found.Work.TotalMicroseconds + sending.Microseconds) / time.TotalMicroseconds / Environment.ProcessorCount * 100),
            ];
            return process is null ? samples : [.. samples, new(ChunkWork, work.Microseconds / found.Chunks)];
        });
    }
}
