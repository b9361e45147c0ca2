using System.Globalization;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>One credential at one provider in one region.</summary>
/// <param name="Id">Unique, for example <c>openai-east</c>.</param>
/// <param name="Provider">A provider's id, see <see cref="Providers.Provider.Id"/>.</param>
/// <param name="Region">The region, or null.</param>
/// <param name="Endpoint">The base address.</param>
/// <param name="ApiKey">
/// The secret, resolved; never logged. Empty where none is needed.
/// </param>
/// <param name="Limits">The limits shared by all its models.</param>
/// <param name="Models">The models it may call.</param>
internal sealed record AccountConfiguration(
    string Id, string Provider, string? Region, Uri Endpoint, string ApiKey, IReadOnlyList<Limit> Limits, IReadOnlyList<ModelConfiguration> Models)
{
    /// <summary>How it is opened; without a key <c>azure-openai</c>, <c>bedrock</c> and <c>vertex</c> may be, each in its own way.</summary>
    public ProviderAuth Auth { get; init; }

    /// <summary>The file that <see cref="ApiKey"/> was read from, and is read from again; null where it stands elsewhere.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whose credential opens it where no key does.</summary>
    public ProviderIdentity Identity { get; init; } = ProviderIdentity.Own;

    /// <summary>Whether a person has checked that the provider's terms let tenants of several organizations share this key.</summary>
    public bool TermsChecked { get; init; }

    /// <summary>Ids of the shared limits that all its calls count against.</summary>
    public IReadOnlyList<string> SharedLimits { get; init; } = [];

    /// <summary>Where its limits are read from while it runs; null where they aren't.</summary>
    public LimitSourceConfiguration? LimitSource { get; init; }

    /// <summary>How its batch service is used; null where it isn't.</summary>
    public BatchConfiguration? Batch { get; init; }

    /// <summary>Patterns of the paths that it takes where a request names no model and several accounts could; a trailing <c>*</c> for any ending.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The name, as of a deployment and of a route, under which calls that name no model are made at it; no model or route has such a name.</summary>
    public string AnyModel => $"{Id}/{ModelConfiguration.Any}";

    /// <summary>Ids of the shared limits that the calls of one of its models count against.</summary>
    public IReadOnlyList<string> SharedBy(ModelConfiguration model) => [.. SharedLimits.Union(model.SharedLimits, StringComparer.Ordinal)];

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"{nameof(Id)} = {Id}, {nameof(Provider)} = {Provider}, {nameof(Region)} = {Region}, {nameof(Endpoint)} = {Endpoint}");
        return true;
    }
}

/// <summary>The API of a provider that tells an account's limits.</summary>
/// <param name="Key">The key that opens it, never logged. Empty where a token of Entra ID or a signature of AWS does.</param>
/// <param name="Scope">The project, workspace or resource that is asked about; null for none.</param>
/// <param name="Endpoint">Its base address.</param>
/// <param name="Every">How often it is asked.</param>
internal sealed record LimitSourceConfiguration(string Key, string? Scope, Uri Endpoint, TimeSpan Every)
{
    /// <summary>Azure: the location whose quotas are read as well; null for none.</summary>
    public string? Location { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Scope)} = {Scope}, {nameof(Endpoint)} = {Endpoint}, {nameof(Every)} = {Every}");
        return true;
    }
}

/// <summary>Limits that a provider enforces over several accounts at once: of an organization, a project, or a region's quota.</summary>
/// <param name="Id">Unique, for example <c>openai-org</c>.</param>
/// <param name="Limits">The limits.</param>
internal sealed record SharedLimitConfiguration(string Id, IReadOnlyList<Limit> Limits);

/// <summary>One model on an account.</summary>
/// <param name="Model">Its name at the provider.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="Price">What it costs, or null.</param>
internal sealed record ModelConfiguration(string Model, IReadOnlyList<Limit> Limits, PriceConfiguration? Price)
{
    /// <summary>What stands for a model where none is named; no model and no route is called so, or ends in it behind a slash.</summary>
    public const string Any = "*";

    /// <summary>Ids of the shared limits that its calls count against, beside its account's.</summary>
    public IReadOnlyList<string> SharedLimits { get; init; } = [];

    /// <summary>The name of its class of models in reports of cost, for example <c>small</c>; null where it has none.</summary>
    public string? Tier { get; init; }
}

/// <summary>How an account's batch service is used: it takes background calls of jobs that have time. Bounds left out are the provider's own.</summary>
internal sealed record BatchConfiguration
{
    /// <summary>How far a call's deadline must be for it to go there; default 6 hours.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long before its deadline a call comes back, to be made normally; below <see cref="LeastTime"/>; default 1 hour.</summary>
    public TimeSpan Reserve { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long calls are collected; default 5 minutes.</summary>
    public TimeSpan CollectFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a batch is looked at; default each minute.</summary>
    public TimeSpan PollEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Fewer calls than this are no batch; default 10.</summary>
    public int MinCalls { get; init; } = 10;

    /// <summary>How many calls a batch may hold; null for as many as the provider takes.</summary>
    public int? MaxCalls { get; init; }

    /// <summary>How many bytes a batch may hold; default 64 MiB, or what the provider takes where that is less.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How many tokens may be in the account's batches at once; null for no such limit.</summary>
    public long? MaxQueuedTokens { get; init; }
}

/// <summary>Prices in US dollars per million tokens.</summary>
/// <param name="Input">Uncached input.</param>
/// <param name="CachedInput">Input read from a prompt cache; as <paramref name="Input"/> where not given.</param>
/// <param name="Output">Output, reasoning included.</param>
internal sealed record PriceConfiguration(decimal Input, decimal CachedInput, decimal Output)
{
    /// <summary>What providers take off for calls through their batch services.</summary>
    public const decimal UsualBatchDiscount = 0.5m;

    /// <summary>Input written to a prompt cache; null as <see cref="Input"/>.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>The share taken off for calls through the provider's batch service, 0 to 1; default half.</summary>
    public decimal BatchDiscount { get; init; } = UsualBatchDiscount;

    /// <summary>Prompts of more tokens than this, cache reads and writes included, cost <see cref="LongPrompt"/>; null where all cost the same.</summary>
    public long? LongFrom { get; init; }

    /// <summary>What calls with such prompts cost, every token of them; null where all cost the same.</summary>
    public PriceConfiguration? LongPrompt { get; init; }

    /// <summary>The price of a call with a prompt.</summary>
    /// <param name="inputTokens">The prompt's tokens, cache reads and writes included.</param>
    public PriceConfiguration Of(long inputTokens) => LongPrompt is { } higher && inputTokens > LongFrom ? higher : this;
}
