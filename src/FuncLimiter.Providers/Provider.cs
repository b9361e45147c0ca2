using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;

namespace FuncLimiter.Providers;

/// <summary>One provider's rules: how it charges, what its answers mean, how it is addressed.</summary>
public abstract class Provider
{
    /// <summary>The name used in configuration, for example <c>azure-openai</c>.</summary>
    public abstract string Id { get; }

    /// <summary>The usual base address; null where every account has its own.</summary>
    public abstract Uri? DefaultEndpoint { get; }

    /// <summary>The dialect that the provider itself speaks.</summary>
    public abstract Dialect Dialect { get; }

    /// <summary>Whether the provider has an API for this, in the dialect in which it is asked.</summary>
    public abstract bool Offers(Operation operation);

    /// <summary>The same for one deployment: some models are offered in the provider's own API only.</summary>
    /// <param name="target">The deployment.</param>
    public virtual bool Offers(Operation operation, ProviderTarget target) => Offers(operation);

    /// <summary>The API in which a deployment is asked what it is not offered in the caller's own.</summary>
    /// <param name="target">The deployment.</param>
    public virtual Wire WireOf(ProviderTarget target, Operation operation) => Wire.ChatCompletions;

    /// <summary>How the provider takes Anthropic's Messages for the Claude models that it hosts; null where it hosts none.</summary>
    public virtual HostedMessages? Messages => null;

    /// <summary>The name under which its chat completions take the bound on output tokens.</summary>
    public virtual string MaxTokensField => "max_tokens";

    /// <summary>Whether a bound of -1 on output tokens means none to it.</summary>
    public virtual bool TakesUnbounded => false;

    /// <summary>What a tool call's id must look like beyond its API's own rule, and how that is said; null where it has no rule of its own.</summary>
    public virtual (Regex Pattern, string Words)? CallIds => null;

    /// <summary>Whether its chat completions take <c>user</c>, the caller's name for its own user.</summary>
    public virtual bool TakesEndUser => true;

    /// <summary>
    /// Whether a streamed call must ask for its usage (<c>stream_options.include_usage</c>) to be told it; false where the provider tells it
    /// unasked, or refuses the option.
    /// </summary>
    /// <param name="query">The caller's query string with its question mark, or empty.</param>
    public virtual bool TellsStreamUsageOnRequest(Operation operation, string query) => false;

    /// <summary>The charge that the provider takes, or may take, when it accepts the request.</summary>
    /// <param name="request">The request's facts, its model being the one at the provider: some rules differ by model.</param>
    /// <param name="estimate">The tokens foreseen.</param>
    public abstract Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate);

    /// <summary>The charge that stands once the call is over, its place among concurrent calls given back.</summary>
    /// <param name="request">The request's facts, as at the start.</param>
    /// <param name="atStart">The charge at the start.</param>
    /// <param name="usage">The tokens used; null where the response did not tell, or was cut before its last word.</param>
    /// <param name="outcome">How the call ended.</param>
    public abstract Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome);

    /// <summary>Reads a whole response, or a failure's; anything malformed is passed over.</summary>
    /// <param name="headers">All values of a header by its name in any case, joined by a comma; null where absent.</param>
    /// <param name="contentType">The body's media type, or null.</param>
    /// <param name="body">The body; empty where it is streamed on or absent.</param>
    /// <param name="now">The time of receipt, for dates in headers.</param>
    public abstract ResponseReading Read(
        int status, Func<string, string?> headers, string? contentType, ReadOnlySpan<byte> body, DateTimeOffset now);

    /// <summary>A reader that finds the usage in a streamed body as its chunks go by.</summary>
    public abstract StreamUsageReader ReadStream();

    /// <summary>The same for a streamed body that is one JSON array, whose items come one after the other.</summary>
    public abstract StreamUsageReader ReadArray();

    /// <summary>The address and the headers of a call.</summary>
    /// <param name="target">The deployment.</param>
    /// <param name="operation">What is asked; one that the provider does not offer throws <see cref="NotSupportedException"/>.</param>
    /// <param name="query">The caller's query string with its question mark, or empty.</param>
    public abstract UpstreamAddress Address(ProviderTarget target, Operation operation, string query);

    /// <summary>The address and the headers of a call in the API of <see cref="WireOf"/>.</summary>
    /// <param name="target">The deployment.</param>
    /// <param name="stream">Whether the answer is to be streamed.</param>
    public virtual UpstreamAddress AddressOfWire(ProviderTarget target, Operation operation, bool stream) => Address(target, Operation.ChatCompletions, "");

    /// <summary>The address and the headers of a path that is passed on as it is; null where the provider has no such API.</summary>
    /// <param name="target">The deployment; its model is not asked for where the path names none.</param>
    /// <param name="path">The path.</param>
    /// <param name="query">The caller's query string with its question mark, or empty; without credentials.</param>
    public virtual UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) => null;
}

/// <summary>Where and how a deployment is called.</summary>
/// <param name="Endpoint">The account's base address, without the API's own path.</param>
/// <param name="ApiKey">The account's secret; never logged; empty where <paramref name="Auth"/> is not by key.</param>
/// <param name="Model">The model (for Azure the deployment) at the provider.</param>
/// <param name="Region">The account's region, where the provider has regions.</param>
/// <param name="Auth">How the account is opened.</param>
public sealed record ProviderTarget(Uri Endpoint, string ApiKey, string Model, string? Region, ProviderAuth Auth = ProviderAuth.Key)
{
    /// <summary>Whose credential opens the account, where no key does.</summary>
    public ProviderIdentity Identity { get; init; } = ProviderIdentity.Own;
}

/// <summary>Where a call goes, and the headers that authenticate it.</summary>
/// <param name="Uri">The full address.</param>
/// <param name="Headers">Headers to set, over any that the caller sent.</param>
public sealed record UpstreamAddress(Uri Uri, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>What the request needs besides, which whoever sends it adds at the last moment; null where nothing.</summary>
    public UpstreamCredential? Credential { get; init; }

    /// <summary>The option that carries it with a request.</summary>
    public static HttpRequestOptionsKey<UpstreamCredential> CredentialOption { get; } = new("FuncLimiter.Credential");

    /// <summary>Headers to set only where the caller sent none of that name, for example a default API version.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];
}
