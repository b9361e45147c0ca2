using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>A valid configuration: what <c>funclimiter.json</c> says, checked and resolved, secrets filled in.</summary>
public sealed record GatewayConfiguration
{
    /// <summary>Whose calls are where no tenants are configured.</summary>
    public const string DefaultTenant = "default";

    /// <summary>The credentials and what they may call.</summary>
    public required IReadOnlyList<AccountConfiguration> Accounts { get; init; }

    /// <summary>Limits that a provider enforces over several accounts at once.</summary>
    public IReadOnlyList<SharedLimitConfiguration> SharedLimits { get; init; } = [];

    /// <summary>What agents may ask for; never empty (a deployment without a route gets one under its model's name).</summary>
    public required IReadOnlyList<RouteConfiguration> Routes { get; init; }

    /// <summary>Who may call; empty means that anyone may, as tenant <c>default</c>.</summary>
    public IReadOnlyList<TenantConfiguration> Tenants { get; init; } = [];

    /// <summary>What may be spent by the hour, day, week, month and run.</summary>
    public IReadOnlyList<SpendCap> Budgets { get; init; } = [];

    /// <summary>How long and how many calls may wait.</summary>
    public QueueConfiguration Queue { get; init; } = new();

    /// <summary>The catalogue that gives prices to models that have none written; null where none does.</summary>
    public PriceCatalogue? Prices { get; init; }

    /// <summary>When to warn and when to act.</summary>
    public AlertConfiguration Alerts { get; init; } = new();

    /// <summary>Bounds of jobs.</summary>
    public JobConfiguration Jobs { get; init; } = new();

    /// <summary>Bounds of the usage ledger.</summary>
    public UsageConfiguration Usage { get; init; } = new();

    /// <summary>Where the shapes of calls are recorded, to be played again; null where they aren't.</summary>
    public RecordConfiguration? Record { get; init; }

    /// <summary>Who may change things while the gateway runs.</summary>
    public AdminConfiguration Admin { get; init; } = new();

    /// <summary>The origins whose pages may call from a browser, as browsers name them, or <c>*</c> for all; empty for none.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];
}

/// <summary>One credential at one provider in one region.</summary>
/// <param name="Id">Unique, for example <c>openai-east</c>.</param>
/// <param name="Provider">A provider's id, see <see cref="Providers.Provider.Id"/>.</param>
/// <param name="Region">The region, or null.</param>
/// <param name="Endpoint">The base address.</param>
/// <param name="ApiKey">
/// The secret, resolved; never logged. A <see cref="KeyVaultReference"/> as written where the host is to resolve it; empty where none is needed.
/// </param>
/// <param name="Limits">The limits shared by all its models.</param>
/// <param name="Models">The models it may call.</param>
public sealed record AccountConfiguration(
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
/// <param name="Key">The key that opens it, resolved, or a Key Vault reference; never logged. Empty where a token of Entra ID does.</param>
/// <param name="Scope">The project, workspace or resource that is asked about; null for none.</param>
/// <param name="Endpoint">Its base address.</param>
/// <param name="Every">How often it is asked.</param>
public sealed record LimitSourceConfiguration(string Key, string? Scope, Uri Endpoint, TimeSpan Every)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Scope)} = {Scope}, {nameof(Endpoint)} = {Endpoint}, {nameof(Every)} = {Every}");
        return true;
    }
}

/// <summary>Limits that a provider enforces over several accounts at once: of an organization, a project, or a region's quota.</summary>
/// <param name="Id">Unique, for example <c>openai-org</c>.</param>
/// <param name="Limits">The limits.</param>
public sealed record SharedLimitConfiguration(string Id, IReadOnlyList<Limit> Limits);

/// <summary>Where the shapes of calls are recorded.</summary>
/// <param name="File">The file, seen from where the server was started.</param>
/// <param name="Key">With what names are hashed, resolved; never logged.</param>
public sealed record RecordConfiguration(string File, string Key)
{
    /// <summary>The shortest key, in characters.</summary>
    public const int LeastKey = 16;

    internal const long Megabyte = 1_000_000;
    internal const long UsualMegabytes = 256;

    /// <summary>The most bytes that the record may take on disk, older calls included.</summary>
    public long MaxBytes { get; init; } = UsualMegabytes * Megabyte;

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(File)} = {File}, {nameof(MaxBytes)} = {MaxBytes}");
        return true;
    }
}

/// <summary>One model on an account.</summary>
/// <param name="Model">Its name at the provider.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="Price">What it costs, or null.</param>
public sealed record ModelConfiguration(string Model, IReadOnlyList<Limit> Limits, PriceConfiguration? Price)
{
    /// <summary>What stands for a model where none is named; no model and no route is called so, or ends in it behind a slash.</summary>
    public const string Any = "*";

    /// <summary>True where its limits are the provider's to tell, and none were written.</summary>
    public bool HasOpenLimits => Limits.Any(static limit => limit.IsOpen);

    /// <summary>Ids of the shared limits that its calls count against, beside its account's.</summary>
    public IReadOnlyList<string> SharedLimits { get; init; } = [];

    /// <summary>The name of its class of models in reports of cost, for example <c>small</c>; null where it has none.</summary>
    public string? Tier { get; init; }
}

/// <summary>What an agent asks for, and what may serve it.</summary>
/// <param name="Model">The name asked for.</param>
/// <param name="Targets">Deployments as <c>account/model</c>, in order of preference.</param>
/// <param name="Fallback">Deployments to turn to when no target can serve.</param>
public sealed record RouteConfiguration(string Model, IReadOnlyList<string> Targets, IReadOnlyList<string> Fallback)
{
    /// <summary>Deployments of smaller models, to which simple work may be diverted.</summary>
    public IReadOnlyList<string> Smaller { get; init; } = [];

    /// <summary>Which work is simple; the first rule that a call matches counts.</summary>
    public IReadOnlyList<SimpleWork> Simple { get; init; } = [];

    /// <summary>All its deployments, in the order of an admission's places: targets, fallbacks, smaller models.</summary>
    public IEnumerable<string> Places => Targets.Concat(Fallback).Concat(Smaller);
}

/// <summary>A rule that tells simple work. A call matches where everything that is set does; a trailing <c>*</c> stands for any ending.</summary>
/// <param name="Workflow">The workflow's name; null for any.</param>
/// <param name="Step">The step's name; null for any.</param>
/// <param name="MaxInputTokens">The longest prompt in tokens, as estimated; null for any.</param>
/// <param name="Always">Whether it always goes to the smaller models first, else only under pressure.</param>
public sealed record SimpleWork(string? Workflow, string? Step, long? MaxInputTokens, bool Always);

/// <summary>What a key may be used for.</summary>
public enum KeyUse
{
    /// <summary>A tenant's: calls on the paths of providers.</summary>
    Calls,

    /// <summary>A tenant's: jobs, however they are handed in.</summary>
    Jobs,

    /// <summary>A tenant's: reservations and their settlements.</summary>
    Reservations,

    /// <summary>A tenant's: reading its own use, status and metrics.</summary>
    Usage,

    /// <summary>An operator's: seeing everything.</summary>
    Look,

    /// <summary>An operator's: changing things.</summary>
    Change,
}

/// <summary>A key as the configuration knows it: by its hash, never by itself.</summary>
/// <param name="Hash">Its SHA-256, lower-case hexadecimal.</param>
public sealed record AccessKey(string Hash)
{
    private const int ShownOfHash = 8;

    /// <summary>How the key begins, for people to tell keys apart; null where the configuration doesn't say.</summary>
    public string? Prefix { get; init; }

    /// <summary>The last day, in UTC, on which it is taken; null for ever.</summary>
    public DateOnly? Expires { get; init; }

    /// <summary>What it may be used for; null for everything that its owner may do.</summary>
    public IReadOnlySet<KeyUse>? Scope { get; init; }

    /// <summary>Its name for people: how it begins, else how its hash does.</summary>
    public string Name => Prefix is null ? Hash[..Math.Min(ShownOfHash, Hash.Length)] : $"{Prefix}...";

    /// <summary>Whether it may be used for something.</summary>
    /// <param name="use">What for.</param>
    public bool Allows(KeyUse use) => Scope?.Contains(use) ?? true;

    /// <summary>Whether its last day is over.</summary>
    /// <param name="now">The time.</param>
    public bool IsExpired(DateTimeOffset now) => Expires is { } last && DateOnly.FromDateTime(now.UtcDateTime) > last;

    /// <summary>A key that is taken for ever and for everything.</summary>
    /// <param name="hash">Its SHA-256, lower-case hexadecimal.</param>
    public static implicit operator AccessKey(string hash) => FromString(hash);

    /// <summary>A key that is taken for ever and for everything.</summary>
    /// <param name="hash">Its SHA-256, lower-case hexadecimal.</param>
    public static AccessKey FromString(string hash) => new(hash);

    /// <summary>The scope of these uses.</summary>
    /// <param name="uses">The uses.</param>
    internal static IReadOnlySet<KeyUse> ScopeOf(IEnumerable<KeyUse> uses) => uses.ToFrozenSet();
}

/// <summary>One tenant.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Keys">Its keys.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="UserLimits">The limits of each of its users.</param>
public sealed record TenantConfiguration(
    string Id, IReadOnlyList<AccessKey> Keys, double Weight, IReadOnlyList<Limit> Limits, IReadOnlyList<Limit> UserLimits)
{
    /// <summary>The highest class that its calls may claim: what claims a higher one is of this one. Default: interactive, so any.</summary>
    public Priority HighestPriority { get; init; } = Priority.Interactive;

    /// <summary>Which providers, regions and accounts may serve it; null for all.</summary>
    public TenantAllowance? Allow { get; init; }

    /// <summary>The organization that it belongs to; null for the one that runs FuncLimiter.</summary>
    public string? Organization { get; init; }

    /// <summary>Whether what its settlements tell of a provider's limits is believed, for a minute at most and never against the provider's own answers.</summary>
    public bool ReportsLimits { get; init; }

    /// <summary>The secret that signs its webhooks; null where there is none. Never logged.</summary>
    public string? WebhookSecret { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Id)} = {Id}, {nameof(Weight)} = {Weight}");
        return true;
    }
}

/// <summary>Where a tenant's calls may go. An empty list leaves that open.</summary>
/// <param name="Providers">Ids of providers.</param>
/// <param name="Regions">Regions, as accounts name them.</param>
/// <param name="Accounts">Ids of accounts.</param>
public sealed record TenantAllowance(IReadOnlyList<string> Providers, IReadOnlyList<string> Regions, IReadOnlyList<string> Accounts)
{
    /// <summary>Patterns of the paths that are passed on for it; empty for all but lists of what tenants that share an account have there.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Whether an account may serve it.</summary>
    public bool Admits(AccountConfiguration account) =>
        (Providers.Count == 0 || Providers.Contains(account.Provider))
        && (Regions.Count == 0 || (account.Region is { } region && Regions.Contains(region, StringComparer.OrdinalIgnoreCase)))
        && (Accounts.Count == 0 || Accounts.Contains(account.Id));
}

/// <summary>Bounds of the queue.</summary>
public sealed record QueueConfiguration
{
    /// <summary>The longest wait of an interactive call; default 20 seconds.</summary>
    public TimeSpan MaxWaitInteractive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest wait of a standard call; default 120 seconds.</summary>
    public TimeSpan MaxWaitStandard { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest wait of a background call; default one hour.</summary>
    public TimeSpan MaxWaitBackground { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many calls may wait at once; default 100,000.</summary>
    public int MaxWaiting { get; init; } = 100_000;

    /// <summary>
    /// How often a streamed call that still waits for its answer gets a comment, the first with its headers; zero for never. Default 10 seconds:
    /// load balancers cut connections that are silent for a minute.
    /// </summary>
    public TimeSpan CommentEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The least of <see cref="MaxWaitingBytes"/>: no less than the largest body of one of several tenants.</summary>
    internal const long LeastWaitingBytes = 64L * 1024 * 1024;

    /// <summary>How many bytes the bodies of calls that wait or are under way may hold; null for a quarter of the memory there is.</summary>
    public long? MaxWaitingBytes { get; init; }

    /// <summary>The share of service that standard work keeps under interactive load, 0 to 1; default 0.1.</summary>
    public double StandardFloor { get; init; } = 0.1;

    /// <summary>The share of service that background work keeps under load, 0 to 1; default 0.05.</summary>
    public double BackgroundFloor { get; init; } = 0.05;
}

/// <summary>Shares of a limit in use at which something happens, 0 to 1.</summary>
public sealed record AlertConfiguration
{
    /// <summary>From here on operators are warned; default 0.8.</summary>
    public double WarnAt { get; init; } = 0.8;

    /// <summary>From here on the limiter acts; default 0.9.</summary>
    public double ActAt { get; init; } = 0.9;

    /// <summary>The address that is told of alerts; null for nobody.</summary>
    public string? Webhook { get; init; }

    /// <summary>The secret that signs what it is told. Never logged.</summary>
    public string? WebhookSecret { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(WarnAt)} = {WarnAt}, {nameof(ActAt)} = {ActAt}");
        return true;
    }
}

/// <summary>Who may change things while the gateway runs.</summary>
public sealed record AdminConfiguration
{
    /// <summary>The admin keys; none by default.</summary>
    public IReadOnlyList<AccessKey> Keys { get; init; } = [];
}

/// <summary>How an account's batch service is used: it takes background calls of jobs that have time. Bounds left out are the provider's own.</summary>
public sealed record BatchConfiguration
{
    /// <summary>How far a call's deadline must be for it to go there; default 6 hours.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long before its deadline a call comes back, to be made as others are; below <see cref="LeastTime"/>; default 1 hour.</summary>
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

/// <summary>Bounds of jobs: calls accepted to be made later.</summary>
public sealed record JobConfiguration
{
    /// <summary>How many calls of jobs may be under way or wait for admission at once; at least 4; default 256.</summary>
    public int MaxRunning { get; init; } = 256;

    /// <summary>How many calls of jobs may be stored and not ended; further jobs are refused; default 1,000,000.</summary>
    public int MaxWaiting { get; init; } = 1_000_000;

    /// <summary>How many calls one job may hold; default 10,000.</summary>
    public int MaxCalls { get; init; } = 10_000;

    /// <summary>How long a call of a job may take in all where the job does not say; default 24 hours.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long results are kept after a job's end; default 72 hours.</summary>
    public TimeSpan KeepResults { get; init; } = TimeSpan.FromHours(72);

    /// <summary>The secret that signs the webhooks of tenants without one of their own; null where there is none. Never logged.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>Whether webhooks may go to loopback, link-local and private addresses; default false.</summary>
    public bool WebhooksToPrivateNetworks { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"{nameof(MaxRunning)} = {MaxRunning}, {nameof(MaxWaiting)} = {MaxWaiting}, {nameof(MaxCalls)} = {MaxCalls}, ");
        builder.Append($"{nameof(Deadline)} = {Deadline}, {nameof(KeepResults)} = {KeepResults}");
        return true;
    }
}

/// <summary>Prices in US dollars per million tokens.</summary>
/// <param name="Input">Uncached input.</param>
/// <param name="CachedInput">Input read from a prompt cache; as <paramref name="Input"/> where not given.</param>
/// <param name="Output">Output, reasoning included.</param>
public sealed record PriceConfiguration(decimal Input, decimal CachedInput, decimal Output)
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

/// <summary>Bounds of the usage ledger.</summary>
public sealed record UsageConfiguration
{
    /// <summary>How long usage is kept by the hour and by run; default 30 days.</summary>
    public TimeSpan KeepHours { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long usage is kept by the day; not below <see cref="KeepHours"/>; default 400 days.</summary>
    public TimeSpan KeepDays { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How many rows by the hour the ledger holds; beyond them the oldest hours go first; default 2,000,000.</summary>
    public int MaxRows { get; init; } = 2_000_000;
}
