using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Benchmarks.Pool;

/// <summary>
/// What it is worth to count cached tokens as the provider does. Two fleets whose prompts share four fifths, each at a deployment that counts
/// no cache reads; the limiter knows one model as such, and takes the other for one that counts them. The provider's headers are kept from
/// it: by them it would find out what is really left.
/// </summary>
internal static class CachedSection
{
    public const string Name = "cached";
    private const string Counted = "cache reads counted by the limiter";
    private const string Free = "cache reads free, as at the provider";
    private const string CallsPerMinute = "calls/min";

    // The older model that does count them (Anthropic's rate limit page).
    private const string CountingModel = "claude-3-5-haiku-20241022";
    private const string FreeModel = "claude-x";
    private const string TenantKey = "fl-cached";
    private const int InputTokensPerMinute = 400_000;
    private const double BurstSeconds = 6;
    private const int SharedCharacters = 8_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        progress.WriteLine($"{Duration.TotalSeconds:0} s of two fleets");
        using var scratch = new ScratchFolder();
        await using var provider = await ProviderDouble.StartAsync(new()
        {
            Deployments = [Deployment(FreeModel), Deployment(CountingModel)],
        });
        var port = LoopbackPort.Free();
        await using var server = await Start(scratch, port, provider.BaseAddress);
        var fleets = await Task.WhenAll(Fleet.RunAsync(Agents(port, FreeModel)), Fleet.RunAsync(Agents(port, CountingModel)));
        var seen = provider.Report();
        IReadOnlyList<Row> rows =
        [
            new(Free, [new(CallsPerMinute, [fleets[0].Ok / Duration.TotalMinutes])], Note(seen[FreeModel])),
            new(Counted, [new(CallsPerMinute, [fleets[1].Ok / Duration.TotalMinutes])], Note(seen[CountingModel])),
        ];
        return new(
            Name,
            "Anthropic's rule, prompts of 2,500 tokens that share 2,000",
            rows,
            [
                new($"{Free} over {Counted}, calls", Section.Ratio(rows, Free, Counted, CallsPerMinute), 4.5),
                new("429s over calls", seen.RejectedShare, 0.001, AtMost: true),
            ]);
    }

    private static string Note(Simulation.Providers.Reports.DeploymentReport seen) =>
        $"{(double)seen.CachedTokens / seen.InputTokens:P0} of input cached, {seen.Utilization:P1} of the limit used, {seen.Rejected} 429s";

    private static DeploymentOptions Deployment(string model) => new("sk-cached", model)
    {
        Dialect = ProviderDialect.Anthropic,
        TellsLimits = false,
        Limits = [LimitOptions.Itpm(InputTokensPerMinute, BurstSeconds)],
        Latency = new(TimeSpan.FromMilliseconds(80), TimeSpan.FromMilliseconds(2)),
    };

    private static Task<ChildProcess> Start(ScratchFolder scratch, int port, Uri provider)
    {
        var limits = new { itpm = InputTokensPerMinute, burstSeconds = BurstSeconds };
        var configuration = scratch.Write("funclimiter.json", JsonSerializer.Serialize(new
        {
            accounts = new[]
            {
                new
                {
                    id = "a",
                    provider = "anthropic",
                    endpoint = provider.GetLeftPart(UriPartial.Authority),
                    apiKey = "${CACHED_KEY}",
                    models = new[] { new { model = FreeModel, limits }, new { model = CountingModel, limits } },
                },
            },
            tenants = new[] { new { id = "t", keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TenantKey)))}" } } },
        }));
        var start = new ProcessStartInfo("dotnet", [Repository.Server, "serve", "--config", configuration, "--urls", $"http://127.0.0.1:{port}"]);
        start.Environment["CACHED_KEY"] = "sk-cached";
        return ChildProcess.Serve(start, port);
    }

    private static FleetOptions Agents(int port, string model) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Dialect = ProviderDialect.Anthropic,
        Duration = Duration,
        Tenants =
        [
            new("t", 1, TenantKey,
            [
                new AgentGroup(FleetPriority.Standard, 40, model)
                {
                    SharedCharacters = SharedCharacters,
                    InputCharacters = (SharedCharacters / 4, SharedCharacters / 4),
                    MaxTokens = (20, 40),
                    ThinkTime = TimeSpan.FromMilliseconds(100),
                },
            ]),
        ],
    };
}
