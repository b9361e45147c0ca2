using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Server.Hosting;

/// <summary>What a server is started with.</summary>
/// <param name="Configuration">A valid configuration.</param>
/// <param name="Urls">Where to listen, with ';' between several; port 0 takes a free one.</param>
internal sealed record ServerSettings(GatewayConfiguration Configuration, string Urls)
{
    /// <summary>
    /// The folder that holds jobs, answers under idempotency keys, usage and the budgets' durable part; null keeps nothing, and then there
    /// are no jobs.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>Where the configuration was read; null where it is of no file.</summary>
    public ConfigurationSource? Source { get; init; }

    /// <summary>Bounds of what it takes in.</summary>
    public GatewayOptions Options { get; init; } = new();

    /// <summary>Whether it logs only what goes wrong, and to the standard error.</summary>
    public bool Quiet { get; init; }
}
