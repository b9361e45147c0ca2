using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>What a simulation lets happen: who calls, how fast providers answer, and what goes wrong.</summary>
internal sealed record VirtualFleet
{
    public const double MostHours = 7 * 24;

    /// <summary>Who calls.</summary>
    public required IReadOnlyList<WorkGroup> Groups { get; init; }

    /// <summary>How long it lasts.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The time of the day (UTC) at which it begins.</summary>
    public TimeSpan StartsAt { get; init; }

    /// <summary>How long answers take where nothing else is said.</summary>
    public Latency Latency { get; init; } = new(0.5, 10);

    /// <summary>How long answers of single deployments take.</summary>
    public IReadOnlyDictionary<string, Latency> LatencyOf { get; init; } = new Dictionary<string, Latency>();

    /// <summary>What goes wrong, and when.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>Calls that come at known moments, in their order.</summary>
    public IReadOnlyList<ScriptedCall> Script { get; init; } = [];

    /// <summary>Whether what is under way once no more calls come is played to its end.</summary>
    public bool EndsAll { get; init; }

    /// <summary>Who else uses the same keys.</summary>
    public IReadOnlyList<Outsider> Outsiders { get; init; } = [];
}

/// <summary>How long answers take.</summary>
/// <param name="BaseSeconds">Until the first token, in seconds.</param>
/// <param name="PerOutputTokenMs">For each output token, in milliseconds.</param>
internal readonly record struct Latency(double BaseSeconds, double PerOutputTokenMs)
{
    public TimeSpan Of(long outputTokens) => TimeSpan.FromSeconds(BaseSeconds + (outputTokens * PerOutputTokenMs / 1000));
}

/// <summary>Somebody who uses a key without asking the limiter.</summary>
/// <param name="Deployment">Which deployment, as <c>account/model</c>.</param>
/// <param name="RequestsPerMinute">Calls.</param>
/// <param name="TokensPerMinute">Tokens, counted as input.</param>
/// <param name="After">When it begins.</param>
/// <param name="Until">When it ends.</param>
internal sealed record Outsider(string Deployment, double RequestsPerMinute, double TokensPerMinute, TimeSpan After, TimeSpan Until);

/// <summary>Calls of one kind: who makes them, how many at which hour, and how large they are.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="Name">Tells it from the tenant's other groups.</param>
/// <param name="Route">The route asked for.</param>
/// <param name="Priority">The class.</param>
internal sealed record WorkGroup(string Tenant, string Name, string Route, Priority Priority)
{
    public const int HoursPerDay = 24;
    public const double UsualSpread = 0.5;

    /// <summary>Calls in each hour of the day, from midnight (UTC) on; 24 numbers, or none where it is agents that call.</summary>
    public IReadOnlyList<double> CallsByHour { get; init; } = [];

    /// <summary>Agents that call, wait, think and call again; 0 where calls come by the hour.</summary>
    public long Agents { get; init; }

    /// <summary>How long an agent thinks between an answer and its next call, on average.</summary>
    public double ThinkSeconds { get; init; }

    /// <summary>Input tokens of a call, on average.</summary>
    public double InputTokens { get; init; }

    /// <summary>Output tokens of a call, on average; cut at <see cref="MaxOutputTokens"/>.</summary>
    public double OutputTokens { get; init; }

    /// <summary>The standard deviation of both, as a share of the mean.</summary>
    public double Spread { get; init; } = UsualSpread;

    /// <summary>The bound on output that calls state; null for none.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>The longest wait that callers bear; null leaves the class's own bound.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>How often a refused call comes back at the time that it was told; the official clients do twice.</summary>
    public int Returns { get; init; } = 2;

    /// <summary>How long after it was first made a call still comes back; the official clients follow no Retry-After beyond a minute.</summary>
    public TimeSpan ReturnWithin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The share of calls that smaller models may serve, 0 to 1.</summary>
    public double SimpleShare { get; init; }

    /// <summary>The share of calls that go to a provider's batch service, 0 to 1.</summary>
    public double BatchShare { get; init; }

    /// <summary>In whose name they are made; null for the tenant's, with the group for a workflow.</summary>
    public Caller? Caller { get; init; }
}

/// <summary>A call that comes at a known moment, and does at its provider what is known of it.</summary>
/// <param name="After">When, from the start on.</param>
/// <param name="Group">Whose: the group's place in the fleet.</param>
/// <param name="Facts">What is seen of it before it is made.</param>
/// <param name="Usage">What it uses.</param>
internal sealed record ScriptedCall(TimeSpan After, int Group, RequestFacts Facts, TokenUsage Usage)
{
    /// <summary>Whether its provider tells what it used; then it is learned from, if it is certain.</summary>
    public bool IsUsageTold { get; init; } = true;

    /// <summary>Whether its usage is what it really used, and not a guess.</summary>
    public bool IsUsageCertain { get; init; } = true;

    /// <summary>How long its provider takes; null leaves that to the fleet.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>The longest wait that its caller bears; null leaves the class's bound.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>After what wait its caller goes away; null where it stays.</summary>
    public TimeSpan? Leaves { get; init; }

    /// <summary>What is the same where it is made again; never 0.</summary>
    public long Identity { get; init; }

    /// <summary>Whether that is this call's alone.</summary>
    public bool IsIdentified { get; init; }

    /// <summary>Whether its caller says that it is made again.</summary>
    public bool? IsBack { get; init; }

    /// <summary>Whether smaller models may serve it.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>Deployments that can't serve it.</summary>
    public IReadOnlyList<string> NotAt { get; init; } = [];

    /// <summary>Its first attempts, which fail.</summary>
    public IReadOnlyList<FailedTry> Failures { get; init; } = [];

    /// <summary>Whether its answer breaks off in the end.</summary>
    public bool Fails { get; init; }

    /// <summary>What a deployment's provider told itself that it cost, in US dollars; null by the price.</summary>
    public (string Deployment, decimal Usd)? CostTold { get; init; }

    /// <summary>Its run; null for none.</summary>
    public string? Run { get; init; }

    /// <summary>Whether the provider's batch service answers it.</summary>
    public bool IsBatch { get; init; }
}
