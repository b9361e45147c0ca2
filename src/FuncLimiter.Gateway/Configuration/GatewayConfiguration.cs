using System.Globalization;
using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>A valid configuration: what <c>funclimiter.json</c> says, checked and resolved, secrets filled in.</summary>
internal sealed record GatewayConfiguration
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

/// <summary>Where the shapes of calls are recorded.</summary>
/// <param name="File">The file, seen from where the server was started; of no use where blobs are written.</param>
/// <param name="Key">With what names are hashed, resolved; never logged.</param>
internal sealed record RecordConfiguration(string File, string Key)
{
    /// <summary>The shortest key, in characters.</summary>
    public const int LeastKey = 16;

    internal const long Megabyte = 1_000_000;
    internal const long UsualMegabytes = 256;

    /// <summary>The most bytes that the record may take, older calls included.</summary>
    public long MaxBytes { get; init; } = UsualMegabytes * Megabyte;

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(File)} = {File}, {nameof(MaxBytes)} = {MaxBytes}");
        return true;
    }
}

/// <summary>What an agent asks for, and what may serve it.</summary>
/// <param name="Model">The name asked for.</param>
/// <param name="Targets">Deployments as <c>account/model</c>, in order of preference.</param>
/// <param name="Fallback">Deployments to turn to when no target can serve.</param>
internal sealed record RouteConfiguration(string Model, IReadOnlyList<string> Targets, IReadOnlyList<string> Fallback)
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
internal sealed record SimpleWork(string? Workflow, string? Step, long? MaxInputTokens, bool Always);

/// <summary>Bounds of the queue.</summary>
internal sealed record QueueConfiguration
{
    /// <summary>The longest wait of an interactive call; default 20 seconds.</summary>
    public TimeSpan MaxWaitInteractive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest wait of a standard call; default 120 seconds.</summary>
    public TimeSpan MaxWaitStandard { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest wait of a background call; default one hour.</summary>
    public TimeSpan MaxWaitBackground { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The longest wait of a call of a class.</summary>
    public TimeSpan MaxWait(Priority priority) => priority switch
    {
        Priority.Interactive => MaxWaitInteractive,
        Priority.Standard => MaxWaitStandard,
        _ => MaxWaitBackground,
    };

    /// <summary>The same, or the caller's own bound where that is shorter.</summary>
    public TimeSpan MaxWait(Priority priority, TimeSpan? wish) => wish is { } wait && wait < MaxWait(priority) ? wait : MaxWait(priority);

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
internal sealed record AlertConfiguration
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
internal sealed record AdminConfiguration
{
    /// <summary>The admin keys; none by default.</summary>
    public IReadOnlyList<AccessKey> Keys { get; init; } = [];
}

/// <summary>Bounds of jobs: calls accepted to be made later.</summary>
internal sealed record JobConfiguration
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

/// <summary>Bounds of the usage ledger.</summary>
internal sealed record UsageConfiguration
{
    /// <summary>How long usage is kept by the hour and by run; default 30 days.</summary>
    public TimeSpan KeepHours { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long usage is kept by the day; not below <see cref="KeepHours"/>; default 400 days.</summary>
    public TimeSpan KeepDays { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How many rows by the hour the ledger holds; beyond them the oldest hours go first; default 2,000,000.</summary>
    public int MaxRows { get; init; } = 2_000_000;
}
