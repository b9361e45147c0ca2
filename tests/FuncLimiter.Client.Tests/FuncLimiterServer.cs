using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Client.Tests;

/// <summary>The server as users run it, in front of the provider double.</summary>
public sealed class FuncLimiterServer : IAsyncLifetime
{
    /// <summary>A model with much room.</summary>
    public const string Wide = "gpt-wide";

    /// <summary>A model with room for one call a minute.</summary>
    public const string Tight = "gpt-tight";

    /// <summary>Another.</summary>
    public const string Full = "gpt-full";

    private const string Key = "sk-upstream-of-the-client-tests";
    private OwnServer? _server;

    /// <summary>The provider double.</summary>
    public ProviderDouble Upstream { get; private set; } = null!;

    /// <summary>The server's address.</summary>
    public Uri Address => _server!.Address;

    public async Task InitializeAsync()
    {
        var limits = new Dictionary<string, int> { [Wide] = 6_000, [Tight] = 1, [Full] = 1 };
        Upstream = await ProviderDouble.StartAsync(new()
        {
            Deployments = [.. limits.Select(limit => new DeploymentOptions(Key, limit.Key)
            {
                Dialect = ProviderDialect.OpenAI,
                Limits = [LimitOptions.Rpm(limit.Value, 60)],
            })],
        });
        var configuration = new
        {
            accounts = new[]
            {
                new
                {
                    id = "a", provider = "openai", apiKey = "${CLIENT_UPSTREAM_KEY}", endpoint = Upstream.BaseAddress,
                    models = limits.Select(limit => new { model = limit.Key, limits = new { rpm = limit.Value } }),
                },
            },
            budgets = new[] { new Dictionary<string, object> { ["for"] = "run", ["tokens"] = 1_000_000 } },
        };
        _server = await OwnServer.StartAsync(JsonSerializer.Serialize(configuration), ("CLIENT_UPSTREAM_KEY", Key));
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await Upstream.DisposeAsync();
    }
}
