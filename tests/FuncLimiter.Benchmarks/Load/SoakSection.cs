using System.Diagnostics;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Benchmarks.Throughput;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>What memory does while ten times too many callers come, for minutes. Not measured unless it is asked for.</summary>
internal static class SoakSection
{
    public const string Name = "soak";

    private const string Key = LoadSection.Key;
    private const string Ours = "FuncLimiter.Server";
    private const string EachMinute = "MB, each minute's mean";
    private const string Growth = "MB from the middle minute to the last";
    private const string Normal = "s until normal";

    public static async Task<Section> Run(int minutes, TextWriter progress)
    {
        List<Row> rows = [];
        try
        {
            await using var upstream = await PacedUpstream.StartAsync();
            using var scratch = new ScratchFolder();
            var port = LoopbackPort.Free();
            await using var server = await EmbeddedServer.Start(scratch, port, upstream.Port, Key, Crowd.Places);
            var (samples, means) = (new List<double>(), new List<double>());
            var crowd = await Crowd.RunAsync(port, Key, Crowd.Callers, TimeSpan.FromMinutes(minutes), () =>
            {
                samples.Add(Megabytes(server.Id));
                if (samples.Count == 60)
                {
                    means.Add(samples.Average());
                    samples.Clear();
                    progress.WriteLine($"   minute {means.Count}: {means[^1]:0.0} MB");
                }
            }, pause: TimeSpan.FromSeconds(1));
            var normal = await Crowd.NormalAsync(port, Key);
            rows.Add(new(
                Ours,
                [new(EachMinute, means), new(Growth, [means[^1] - means[(means.Count - 1) / 2]]), new(Normal, [normal.TotalSeconds])],
                $"{crowd.Served.Count} served, {crowd.Refused.Count} refused with 429, {crowd.Failed} failed"));
        }
        catch (NotAvailableException exception)
        {
            rows.Add(new(Ours, [], $"not available: {exception.Message}"));
        }

        return new(
            Name,
            $"{Crowd.Callers} callers where {Crowd.Places} can be served, {minutes} minutes",
            rows,
            [
                new("MB that memory grew by in the second half", Section.Median(rows, Ours, Growth), 16, AtMost: true),
                new("seconds until a call is served as before", Section.Median(rows, Ours, Normal), 5, AtMost: true),
            ]);
    }

    private static double Megabytes(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.WorkingSet64 / 1024.0 / 1024;
    }
}
