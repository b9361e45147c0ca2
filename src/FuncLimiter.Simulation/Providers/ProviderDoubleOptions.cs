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

/// <summary>How a double's batch service behaves.</summary>
public sealed record BatchOptions
{
    /// <summary>How long a batch takes; default none.</summary>
    public TimeSpan Takes { get; init; }

    /// <summary>The places, in the order of their lines, of calls that every batch fails.</summary>
    public IReadOnlySet<int> FailedCalls { get; init; } = new HashSet<int>();

    /// <summary>How many calls of a batch are answered before it expires; null where none does.</summary>
    public int? ExpiresAfterCalls { get; init; }

    /// <summary>How many batches are turned away with 429 before one is taken.</summary>
    public int TurnsAway { get; init; }

    /// <summary>How many batches are made whose maker is answered 500 all the same, so that it does not know their ids.</summary>
    public int LosesAnswers { get; init; }
}

/// <summary>How long answers take. Zero means at once.</summary>
/// <param name="Base">Until the first token.</param>
/// <param name="PerOutputToken">For each output token of one choice.</param>
public sealed record LatencyOptions(TimeSpan Base, TimeSpan PerOutputToken)
{
    /// <summary>Answers at once.</summary>
    public static LatencyOptions None { get; } = new(TimeSpan.Zero, TimeSpan.Zero);
}

/// <summary>How long answers are, in tokens.</summary>
public sealed record OutputOptions
{
    /// <summary>The length where the request sets no bound and nothing is drawn; default 64.</summary>
    public int Default { get; init; } = 64;

    /// <summary>
    /// The shortest and the longest answer; each prompt draws one length between them by the double's seed, cut off at the request's own
    /// bound. Null, the default, gives every request as many tokens as it allows.
    /// </summary>
    public (int Shortest, int Longest)? Draw { get; init; }

    /// <summary>How many tokens one chunk of a stream carries; default 4.</summary>
    public int TokensPerChunk { get; init; } = 4;
}

/// <summary>Closes a deployment for a while when it was called too often over its limits.</summary>
/// <param name="Violations">How many refusals it takes; at least 1.</param>
/// <param name="Within">The span in which they must fall.</param>
/// <param name="ClosedFor">For how long every call is refused.</param>
public sealed record PenaltyOptions(int Violations, TimeSpan Within, TimeSpan ClosedFor);

/// <summary>Which provider's paths, bodies, headers and rules a deployment has.</summary>
public enum ProviderDialect
{
    /// <summary>OpenAI: <c>/v1/chat/completions</c>, <c>/v1/responses</c>, <c>/v1/embeddings</c>, <c>/v1/models</c>.</summary>
    OpenAI,

    /// <summary>Azure OpenAI: <c>/openai/deployments/{name}/chat/completions</c> and <c>/embeddings</c>.</summary>
    Azure,

    /// <summary>Anthropic: <c>/v1/messages</c> and <c>/v1/messages/count_tokens</c>.</summary>
    Anthropic,
}
