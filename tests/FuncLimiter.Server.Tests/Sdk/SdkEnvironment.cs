using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The running server, the provider double behind it, and what clients are told of them.</summary>
public sealed class SdkEnvironment : IAsyncLifetime
{
    /// <summary>The tenant's key.</summary>
    public const string TenantKey = "fl-tenant-of-the-sdk-tests";

    /// <summary>The scripted provider's models, by the API in which it is asked.</summary>
    public const string ScriptedClaude = "claude-scripted";
    public const string ScriptedGpt = "gpt-scripted";
    public const string ScriptedGemini = "gemini-scripted";
    public const string ScriptedAzure = "azure-gpt-scripted";

    private readonly ConcurrentDictionary<string, Lazy<Task<JavaScriptRun>>> _runs = new();
    private OwnServer? _server;

    /// <summary>The provider double.</summary>
    public ProviderDouble Upstream { get; private set; } = null!;

    /// <summary>The scripted provider.</summary>
    public ScriptedProvider Scripted { get; private set; } = null!;

    /// <summary>The server's base address.</summary>
    public Uri Address => _server!.Address;

    /// <summary>What the server printed.</summary>
    internal string ServerOutput => _server!.Output;

    public async Task InitializeAsync()
    {
        Upstream = await ProviderDouble.StartAsync(new()
        {
            Deployments = [.. SdkModels.All.SelectMany(models => models.Deployments())],
            Faults = [.. SdkModels.All.SelectMany(models => models.Faults())],
        });
        Scripted = await ScriptedProvider.StartAsync();
        _server = await OwnServer.StartAsync(JsonSerializer.Serialize(Configuration()), ("SDK_UPSTREAM_KEY", SdkModels.UpstreamKey));
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await Scripted.DisposeAsync();
        await Upstream.DisposeAsync();
    }

    /// <summary>The run of one file's tests in JavaScript; each file runs once.</summary>
    internal Task<JavaScriptRun> Run(string file) =>
        _runs.GetOrAdd(file, name => new(() => JavaScriptRun.Of(name, Environment()))).Value;

    private object Configuration() => new
    {
        accounts = SdkModels.All.Select(models => models.ToAccount(Upstream.BaseAddress)).Concat(
        [
            ToScripted("scripted-anthropic", "anthropic", ScriptedClaude),
            ToScripted("scripted-openai", "openai", ScriptedGpt, "/v1/responses"),
            ToScripted("scripted-gemini", "gemini", ScriptedGemini),
            ToScripted("scripted-azure", "azure-openai", ScriptedAzure),
        ]),
        tenants = new[]
        {
            new { id = "sdk", keys = new[] { $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TenantKey)))}" } },
        },
        queue = new { maxWaitSeconds = new { standard = 10 } },
    };

    private object ToScripted(string id, string provider, string model, params string[] paths) =>
        new { id, provider, endpoint = Scripted.BaseAddress, apiKey = "${SDK_UPSTREAM_KEY}", models = new[] { new { model } }, paths };

    private Dictionary<string, string> Environment()
    {
        var variables = new Dictionary<string, string>
        {
            ["FUNCLIMITER_URL"] = Address.GetLeftPart(UriPartial.Authority),
            ["FUNCLIMITER_DOUBLE_URL"] = Upstream.BaseAddress.GetLeftPart(UriPartial.Authority),
            ["FUNCLIMITER_KEY"] = TenantKey,
            ["FUNCLIMITER_SCRIPTED_MODELS"] = JsonSerializer.Serialize(new { gemini = ScriptedGemini, gpt = ScriptedGpt, azure = ScriptedAzure }),
        };
        foreach (var models in SdkModels.All)
        {
            variables[$"FUNCLIMITER_{models.Dialect.ToString().ToUpperInvariant()}_MODELS"] = models.ToJson();
        }

        return variables;
    }
}
