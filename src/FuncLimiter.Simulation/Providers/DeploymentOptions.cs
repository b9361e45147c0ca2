namespace FuncLimiter.Simulation.Providers;

/// <summary>One model that one key may call, with limits of its own.</summary>
/// <param name="Key">The API key that calls it.</param>
/// <param name="Model">The model; at Azure the deployment's name.</param>
public sealed record DeploymentOptions(string Key, string Model)
{
    /// <summary>Whose paths, bodies and rules it has; default OpenAI.</summary>
    public ProviderDialect Dialect { get; init; } = ProviderDialect.OpenAI;

    /// <summary>What reports call it; the model where null.</summary>
    public string? Name { get; init; }

    /// <summary>Its limits; none means that everything is accepted.</summary>
    public IReadOnlyList<LimitOptions> Limits { get; init; } = [];

    /// <summary>How long its answers take; default none.</summary>
    public LatencyOptions Latency { get; init; } = LatencyOptions.None;

    /// <summary>How long its answers are.</summary>
    public OutputOptions Output { get; init; } = new();

    /// <summary>How repeated violations are punished; default not at all.</summary>
    public PenaltyOptions? Penalty { get; init; }

    /// <summary>Whether a call that is turned away still costs a request; null means yes but for Anthropic.</summary>
    public bool? FailedCallsCost { get; init; }

    /// <summary>Whether its answers tell of its limits in headers; default true. Some gateways between strip them.</summary>
    public bool TellsLimits { get; init; } = true;

    /// <summary>Characters that make one token of the usage; default 4. What is charged on arrival is always estimated with 4.</summary>
    public double CharactersPerToken { get; init; } = 4;

    /// <summary>How long a cached prompt is remembered after its last use; default 5 minutes.</summary>
    public TimeSpan CacheLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The organization named in headers and messages.</summary>
    public string Organization { get; init; } = "org-double";

    /// <summary>The region named in Azure's headers.</summary>
    public string Region { get; init; } = "West Europe";

    internal string ReportName => Name ?? Model;

    internal bool CostsRequestOnFailure => FailedCallsCost ?? Dialect != ProviderDialect.Anthropic;
}
