using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Host;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.Configuration.Json;

// Runs a Functions app, as built or published, for tests: FuncLimiter.Functions.Host FOLDER [PORT]. The app's settings are environment
// variables. Says "Ready at http://..." and ends when its input does.
var folder = Path.GetFullPath(args[0]);
var port = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 0;

// The name makes the Durable extension take the machine for Linux Consumption, and log to its console.
Environment.SetEnvironmentVariable("CONTAINER_NAME", null);
Environment.SetEnvironmentVariable("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated");

// Hosts of one task hub share its partitions out by these names; two of one name would own the same ones.
var instance = Guid.NewGuid().ToString("N");
Environment.SetEnvironmentVariable("WEBSITE_CURRENT_STAMPNAME", instance);
Environment.SetEnvironmentVariable("RoleInstanceId", instance);

using var worker = new WorkerProcess(folder);
var rpcBuilder = WebApplication.CreateSlimBuilder();
rpcBuilder.Logging.SetMinimumLevel(LogLevel.Warning);
rpcBuilder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
rpcBuilder.Services.AddGrpc(options => options.MaxReceiveMessageSize = options.MaxSendMessageSize = null);
rpcBuilder.Services.AddSingleton(worker);
var messages = new QueuePump.Held();
rpcBuilder.Services.AddSingleton(messages);
await using var rpc = rpcBuilder.Build();
rpc.MapGrpcService<WorkerProcess.Service>();
rpc.MapGrpcService<QueuePump.Service>();
await rpc.StartAsync();
try
{
    await worker.StartAsync(new Uri(rpc.Urls.Single()).Port);
}
catch (InvalidOperationException)
{
    return 1;
}

using var jobs = new HostBuilder()
    .ConfigureAppConfiguration(configuration =>
    {
        configuration.Add(new HostJson(Path.Combine(folder, "host.json")));
        configuration.AddInMemoryCollection([new(HostJson.SectionSetting, HostJson.Section)]);
        configuration.AddEnvironmentVariables();
    })
    .ConfigureLogging(logging => logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Azure.Core", LogLevel.Error))
    .ConfigureServices(services =>
    {
        services.AddSingleton<ITypeLocator>(new Located(DurableFunctions.Make(worker)));
        services.AddSingleton<IWebHookProvider, WebHooks>();
        services.AddSingleton(worker);
        services.AddSingleton(messages);
        services.AddHostedService<Timers>();
        services.AddHostedService<QueuePump>();
    })
    .ConfigureWebJobs(builder => builder.AddDurableTask())
    .Build();
await jobs.StartAsync();
await ((JobHost)jobs.Services.GetRequiredService<IJobHost>()).CallAsync(DurableFunctions.KeepClient);

await worker.WarmUpAsync();
var routePrefix = (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "host.json")))!["extensions"]?["http"]?["routePrefix"] ?? "api";
await using var front = await new HttpFront(worker, Environment.GetEnvironmentVariable("FUNCTION_KEY") ?? instance)
    .StartAsync(port, routePrefix.Length == 0 ? "" : routePrefix + "/");
Log.Write($"Ready at {front.Urls.Single()}");
await Task.WhenAny(Console.In.ReadToEndAsync(), worker.GivenUp, front.WaitForShutdownAsync());
var isGivenUp = worker.GivenUp.IsCompleted;
if (!await StopAsync().WaitAsync(TimeSpan.FromSeconds(20)).ContinueWith(stop => stop.IsCompletedSuccessfully, TaskScheduler.Default))
{
    // Whoever started it is gone: nobody waits for what does not stop.
    Log.Write("The host does not stop; ended.");
    worker.Dispose();
    Environment.Exit(2);
}

return isGivenUp ? 1 : 0;

async Task StopAsync()
{
    await front.StopAsync();
    await jobs.StopAsync();
}

/// <summary>Finds the functions that were made.</summary>
internal sealed class Located(Type type) : ITypeLocator
{
    public IReadOnlyList<Type> GetTypes() => [type];
}

/// <summary>Where the Durable extension would be called over HTTP, which no test does.</summary>
internal sealed class WebHooks : IWebHookProvider
{
    public Uri GetUrl(IExtensionConfigProvider extension) => new("http://localhost/runtime/webhooks/durabletask?code=none");
}

/// <summary>The app's <c>host.json</c>, under the section where the WebJobs host looks for it.</summary>
internal sealed class HostJson(string path) : JsonConfigurationProvider(new JsonConfigurationSource { Path = path }), IConfigurationSource
{
    public const string SectionSetting = "AzureWebJobsConfigurationSection";
    public const string Section = "AzureFunctionsJobHost";

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public override void Load()
    {
        using var stream = File.OpenRead(path);
        Load(stream);
        Data = Data.ToDictionary(pair => $"{Section}:{pair.Key}", pair => pair.Value, StringComparer.OrdinalIgnoreCase);
    }
}
