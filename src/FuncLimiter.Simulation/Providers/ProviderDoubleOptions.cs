using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Simulation.Providers;

/// <summary>What a <see cref="ProviderDouble"/> offers.</summary>
public sealed record ProviderDoubleOptions
{
    /// <summary>What can be called; a key and model may be named once for each dialect.</summary>
    public required IReadOnlyList<DeploymentOptions> Deployments { get; init; }

    /// <summary>Limits that all deployments of a key share, by key, on top of their own.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<LimitOptions>> SharedLimits { get; init; } =
        new Dictionary<string, IReadOnlyList<LimitOptions>>();

    /// <summary>What goes wrong, and when.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>How its batch service behaves.</summary>
    public BatchOptions Batches { get; init; } = new();

    /// <summary>The loopback port; 0, the default, takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Seeds the lengths of answers and the chance of faults.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Whether it takes any key, for the deployment of that name which comes first where the key is nobody's; and OpenAI's paths below any
    /// prefix, as other providers have them (<c>/inference/v1/chat/completions</c>). Default false.
    /// </summary>
    public bool TakesAnyKey { get; init; }

    /// <summary>The largest body taken, in bytes; default 32 MB, as Anthropic's.</summary>
    public int MaxBodyBytes { get; init; } = 32 * 1024 * 1024;
}
