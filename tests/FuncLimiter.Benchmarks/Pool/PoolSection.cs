using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Reports;

namespace FuncLimiter.Benchmarks.Pool;

/// <summary>How much of four deployments' limits one route uses under ten times their load, and how often it is refused.</summary>
internal static class PoolSection
{
    public const string Name = "pool";
    private const string Used = "of the binding limit used";
    private const string Refused = "429s";
    private const string Calls = "calls";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(176);

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        progress.WriteLine($"{Duration.TotalSeconds:0} s of fleet");
        using var scratch = new ScratchFolder();
        await using var provider = await ProviderDouble.StartAsync(PoolScenario.Provider);
        var port = LoopbackPort.Free();
        await using var server = await PoolServer.Start(scratch, port, provider.BaseAddress);
        var fleet = Fleet.RunAsync(PoolScenario.Fleet(new Uri($"http://127.0.0.1:{port}"), Duration));
        await Task.Delay(Duration - TimeSpan.FromSeconds(0.5));
        var seen = provider.Report();
        var report = await fleet;
        return new(
            Name,
            $"one route over four deployments, a fleet that asks for many times what they hold; {report.Ok} calls answered, {report.Failed} failed, {report.GaveUp} given up",
            [.. seen.Deployments.Select(Describe)],
            [
                new("of the four binding limits used, together", seen.Deployments.Average(deployment => deployment.Utilization), 0.97),
                new("429s over calls", seen.RejectedShare, 0.001, AtMost: true),
            ]);
    }

    private static Row Describe(DeploymentReport deployment) => new(
        deployment.Name,
        [
            new(Calls, [deployment.Calls]),
            new(Refused, [deployment.Rejected]),
            new(Used, [deployment.Utilization]),
        ],
        string.Join(", ", deployment.Limits.Select(limit => $"{limit.Dimension} {limit.Utilization:0.000}")));
}
