using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Reports;

namespace FuncLimiter.Benchmarks.Pool;

/// <summary>
/// The same four deployments and fleet while something is wrong with each of them: one limit is cut by 60 % without a word, somebody else
/// takes half of another, one answers 529 for 30 seconds, one says Retry-After: 20.
/// </summary>
internal static class FaultsSection
{
    public const string Name = "faults";
    private const double Cut = 0.4;
    private const double OutsidersShare = 0.5;
    private const int SamplesPerSecond = 4;
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Faulty = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Closed = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Healed = TimeSpan.FromSeconds(90);

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        var duration = Healthy + Faulty + Healed;
        progress.WriteLine($"{duration.TotalSeconds:0} s of fleet");
        using var scratch = new ScratchFolder();
        await using var provider = await ProviderDouble.StartAsync(PoolScenario.Provider);
        var port = LoopbackPort.Free();
        await using var server = await PoolServer.Start(scratch, port, provider.BaseAddress);
        var samples = new List<(double At, DoubleReport Report)>();
        using var over = new CancellationTokenSource();
        var sampling = Sample(provider, samples, over.Token);

        var fleet = Fleet.RunAsync(PoolScenario.Fleet(new Uri($"http://127.0.0.1:{port}"), duration));
        await Task.Delay(Healthy);
        provider.AddFaults(Faults);
        var outsider = Fleet.RunAsync(PoolScenario.Outsider(PoolScenario.Sliding, provider.BaseAddress, Faulty, (int)(OutsidersShare * PoolScenario.TokensPerMinute)));
        var theirs = await outsider;
        await Task.Delay(Healed - TimeSpan.FromSeconds(0.5));
        await over.CancelAsync();
        await sampling;
        var seen = provider.Report();
        var report = await fleet;

        var ours = seen.Calls - theirs.Requests;
        var refusals = seen.Rejected - theirs.Refused429;
        return new(
            Name,
            $"{report.Ok} calls answered, {report.Failed} failed, {report.GaveUp} given up, {report.Refused429} refused by us; {ours} calls of ours at the providers, {refusals} 429s",
            [.. seen.Deployments.Select(deployment => Describe(deployment, samples))],
            [
                new("of what remains during the faults, used", Share(samples, Healthy, Healthy + Faulty, Remaining(theirs)), 0.9),
                new("of everything from 30 s after the faults on, used", Share(samples, Healthy + Faulty + TimeSpan.FromSeconds(30), duration, Everything), 0.97),
                new("attempts beyond the first, over calls", (ours - report.Ok) / (double)report.Ok, 0.01, AtMost: true),
                new("calls lost", report.Failed + report.GaveUp, 0, AtMost: true),
            ]);
    }

    private static IReadOnlyList<FaultRule> Faults =>
    [
        new(FaultKind.LimitChange) { Deployment = PoolScenario.Bucket, Value = PoolScenario.TokensPerMinute * Cut, For = Faulty },
        new(FaultKind.Overloaded) { Deployment = PoolScenario.Fixed, For = Down },
        new(FaultKind.RetryAfter) { Deployment = PoolScenario.Anthropic, Value = Closed.TotalSeconds, For = TimeSpan.FromSeconds(1), Count = 1 },
    ];

    private static readonly Dictionary<string, double> Everything = new()
    {
        [PoolScenario.Bucket] = PoolScenario.TokensPerMinute / 60.0,
        [PoolScenario.Sliding] = PoolScenario.TokensPerMinute / 60.0,
        [PoolScenario.Fixed] = PoolScenario.TokensPerMinute / 60.0,
        [PoolScenario.Anthropic] = PoolScenario.AnthropicOutput / 60.0,
    };

    // Tokens a second that each deployment would let us have, on average over the faults. A minute's counter that is out of reach for half of
    // the minute can be used up in the other half; a bucket can't.
    private static Dictionary<string, double> Remaining(FleetReport outsider) => new(Everything)
    {
        [PoolScenario.Bucket] = Everything[PoolScenario.Bucket] * Cut,
        [PoolScenario.Sliding] = Everything[PoolScenario.Sliding] - (outsider.Ok * PoolScenario.OutsidersTokens / Faulty.TotalSeconds),
        [PoolScenario.Anthropic] = Everything[PoolScenario.Anthropic] * (1 - (Closed / Faulty)),
    };

    private static async Task Sample(ProviderDouble provider, List<(double At, DoubleReport Report)> samples, CancellationToken end)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!end.IsCancellationRequested)
        {
            samples.Add((clock.Elapsed.TotalSeconds, provider.Report()));
            await Task.Delay(TimeSpan.FromSeconds(1.0 / SamplesPerSecond), CancellationToken.None);
        }
    }

    // Each deployment in its own unit: what was taken in the span over what remained; the mean by what remained.
    private static double Share(List<(double At, DoubleReport Report)> samples, TimeSpan from, TimeSpan to, Dictionary<string, double> remaining)
    {
        var (first, last) = (samples.First(sample => sample.At >= from.TotalSeconds), samples.Last(sample => sample.At <= to.TotalSeconds));
        var span = last.At - first.At;
        var taken = remaining.Keys.Sum(name => (Taken(last.Report[name]) - Taken(first.Report[name])) / remaining[name] * Weight(name, remaining));
        return taken / span;
    }

    private static double Weight(string name, Dictionary<string, double> remaining) => remaining[name] / remaining.Values.Sum();

    private static double Taken(DeploymentReport deployment) => deployment.Limits
        .First(limit => limit.Dimension == (deployment.Dialect == ProviderDialect.Anthropic ? LimitDimension.OutputTokens : LimitDimension.Tokens)).Accepted;

    private static Row Describe(DeploymentReport deployment, List<(double At, DoubleReport Report)> samples)
    {
        var spans = new List<string>();
        for (var from = 0.0; from < samples[^1].At - 5; from += 15)
        {
            var (first, last) = (samples.First(sample => sample.At >= from), samples.Last(sample => sample.At <= from + 15));
            spans.Add($"{(Taken(last.Report[deployment.Name]) - Taken(first.Report[deployment.Name])) / (last.At - first.At):0}");
        }

        return new(
            deployment.Name,
            [
                new("calls", [deployment.Calls]),
                new("429s", [deployment.Rejected]),
                new("faults", [deployment.Faults]),
            ],
            $"taken a second, by 15 s: {string.Join(" ", spans)}");
    }
}
