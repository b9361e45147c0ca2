using System.Diagnostics;
using System.Net;
using System.Text;
using FuncLimiter.Server.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Telemetry;

public class TelemetryExportTests
{
    private const string Configuration = """
        { "accounts": [{ "id": "a", "provider": "openai", "endpoint": "http://127.0.0.1:1", "apiKey": "${KEY}", "models": [{ "model": "m", "limits": { "rpm": 60 } }] }] }
        """;

    [Fact]
    public async Task Server_WhereOpenTelemetrysVariablesSaySo_SendsMetricsAndTracesOverOtlp()
    {
        await using var collector = await Collector.StartAsync();
        var folder = Directory.CreateTempSubdirectory("funclimiter-otlp-");
        var file = Path.Combine(folder.FullName, "funclimiter.json");
        await File.WriteAllTextAsync(file, Configuration);
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "FuncLimiter.Server.dll"), "serve", "--config", file, "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["KEY"] = "sk-none",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            },
        };
        await using (var server = await ServerProcess.StartAsync(start))
        {
            using var content = new StringContent("""{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""", Encoding.UTF8, "application/json");
            using var answer = await server.Client.PostAsync("/v1/chat/completions", content);
            await Wait.UntilAsync(() => collector.Received("/v1/metrics", "funclimiter.call.verdicts") && collector.Received("/v1/traces", "chat m"));
        }

        Assert.True(collector.Received("/v1/metrics", "funclimiter.limit.configured"));
        Assert.True(collector.Received("/v1/traces", "wait"));
        folder.Delete(recursive: true);
    }

    /// <summary>Keeps what is sent to it; names stand in protobuf as they are.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly List<(string Path, string Body)> _received = [];

        private Collector(WebApplication app) => _app = app;

        public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var collector = new Collector(builder.Build());
            collector._app.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                lock (collector._received)
                {
                    collector._received.Add((context.Request.Path.Value!, Encoding.Latin1.GetString(body.ToArray())));
                }
            });
            await collector._app.StartAsync();
            return collector;
        }

        public bool Received(string path, string name)
        {
            lock (_received)
            {
                return _received.Exists(request => request.Path == path && request.Body.Contains(name, StringComparison.Ordinal));
            }
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
