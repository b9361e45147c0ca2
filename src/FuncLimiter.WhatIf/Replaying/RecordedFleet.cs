using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Recording;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>From a record to a fleet that makes its calls again, at their moments, under a configuration.</summary>
internal sealed class RecordedFleet
{
    private const int BytesPerToken = 4;
    private static readonly TimeSpan LongestLead = TimeSpan.FromHours(1);

    private readonly Dictionary<(string, string?, Priority, string, string?, string?), int> _places = [];
    private readonly List<WorkGroup> _groups = [];
    private readonly Dictionary<string, string> _tenants;

    private RecordedFleet(CallRecord record, GatewayConfiguration configuration)
    {
        var names = RecordWriter.NamesOf(configuration);
        var routes = configuration.Routes.Select(route => route.Model).ToHashSet(StringComparer.Ordinal);
        _tenants = configuration.Tenants.Select(tenant => tenant.Id).Append(GatewayConfiguration.DefaultTenant).Distinct(StringComparer.Ordinal)
            .ToDictionary(names.Tenant, id => id, StringComparer.Ordinal);
        Configuration = configuration with { Budgets = [.. configuration.Budgets.SelectMany(cap => Hashed(cap, names, _tenants.Values))] };
        Start = record.Calls[0].At - record.From <= LongestLead ? record.From : record.Calls[0].At;
        var played = record.Calls.Where(call => routes.Contains(call.Route)).ToList();
        NotPlayed = record.Calls.Count - played.Count;
        var took = played.Where(call => call.Deployment is not null && !call.IsBatch).Select(LatencyOf).DefaultIfEmpty(TimeSpan.Zero).Average(latency => latency.TotalSeconds);
        Fleet = new VirtualFleet
        {
            Script = [.. played.Select(Script)],
            Groups = _groups,
            StartsAt = Start - ProviderSetup.Epoch,
            Duration = record.Calls[^1].At - Start + TimeSpan.FromSeconds(1),
            Latency = new Latency(took, 0),
            EndsAll = true,
        };
    }

    /// <summary>The fleet.</summary>
    public VirtualFleet Fleet { get; }

    /// <summary>The configuration, with budgets that go by the record's names.</summary>
    public GatewayConfiguration Configuration { get; }

    /// <summary>When it begins.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>Calls of routes that the configuration does not have.</summary>
    public int NotPlayed { get; }

    public static RecordedFleet Of(CallRecord record, GatewayConfiguration configuration) => new(record, configuration);

    /// <summary>What became of the calls when they were recorded.</summary>
    public static IReadOnlyList<VirtualTally> Tallies(CallRecord record, GatewayConfiguration configuration)
    {
        var fleet = Of(record, configuration);
        var hours = (int)Math.Ceiling(fleet.Fleet.Duration.TotalHours);
        var tallies = new Dictionary<(string, Priority), VirtualTally>();
        foreach (var call in record.Calls)
        {
            var tenant = fleet.TenantOf(call);
            if (!tallies.TryGetValue((tenant, call.Priority), out var tally))
            {
                tallies.Add((tenant, call.Priority), tally = new VirtualTally(tenant, call.Priority, hours));
            }

            fleet.Count(call, tally);
        }

        return [.. tallies.Values];
    }

    private void Count(RecordedCall call, VirtualTally tally)
    {
        var (seconds, waited) = ((call.At - Start).TotalSeconds, call.WaitedMs / 1000);
        tally.Arrived(seconds);
        if (call.IsBatch)
        {
            tally.SentToBatch(seconds, call.CostUsd);
        }
        else if (call.Outcome == UsageOutcome.Failed)
        {
            tally.HasFailed(call.CostUsd);
        }
        else if (call.Outcome == UsageOutcome.Refused)
        {
            tally.WasRefused(seconds, call.RefusedFor);
        }
        else if (call.Deployment is null)
        {
            tally.HasLeft();
        }
        else
        {
            tally.Answered(seconds, seconds + waited, waited, isDiverted: false, call.CostUsd);
        }
    }

    private string TenantOf(RecordedCall call) => _tenants.GetValueOrDefault(call.Tenant, call.Tenant);

    private ScriptedCall Script(RecordedCall call)
    {
        var isServed = call.Deployment is not null;
        var foreseen = new TokenUsage(call.ForeseenInput, call.ForeseenOutput);
        return new ScriptedCall(call.At - Start, PlaceOf(call), FactsOf(call), call.Usage ?? foreseen)
        {
            IsUsageTold = call.Input is not null || call.Outcome != UsageOutcome.Answered,
            IsUsageCertain = call.Outcome == UsageOutcome.Answered && call.Input is not null,
            Latency = isServed ? LatencyOf(call) : null,
            MaxWait = call.MayWaitMs is { } wait ? Span(wait) : null,
            Leaves = call.Outcome == UsageOutcome.Abandoned && !isServed ? Span(call.TookMs) : null,
            Identity = call.Identity == 0 ? call.At.UtcTicks | 1 : call.Identity,
            IsIdentified = call.IsIdentified,
            IsBack = call.IsBack,
            Diversion = call.Diversion,
            NotAt = call.NotAt ?? [],
            Failures = [.. (call.Failures ?? []).Select(failure => new FailedTry(
                failure.Kind, failure.RetryAfterMs is { } after ? Span(after) : null, Span(failure.TookMs)))],
            Fails = call.Outcome == UsageOutcome.Failed,
            CostTold = call is { IsCostTold: true, CostUsd: { } usd, Deployment: { } deployment } ? (deployment, usd) : null,
            Run = call.Run,
            IsBatch = call.IsBatch,
        };
    }

    // Users and workflows are known by hashes of their names.
    private static IEnumerable<SpendCap> Hashed(SpendCap cap, RecordNames names, IEnumerable<string> tenants) => cap is { Name: { } name, For: SpendSubject.User or SpendSubject.Workflow }
        ? (cap.Tenant is { } own ? [own] : tenants).Select(tenant => cap with { Tenant = tenant, Name = names.Within(cap.For == SpendSubject.User ? "user" : "workflow", tenant, name) })
        : [cap];

    private int PlaceOf(RecordedCall call)
    {
        var key = (call.Tenant, call.User, call.Priority, call.Route, call.Workflow, call.Step);
        if (!_places.TryGetValue(key, out var place))
        {
            _places.Add(key, place = _groups.Count);
            var tenant = TenantOf(call);
            _groups.Add(new WorkGroup(tenant, call.Workflow ?? string.Empty, call.Route, call.Priority)
            {
                Returns = 0,
                Caller = new Caller(tenant, call.User, call.Priority, call.Workflow, call.Step, null),
            });
        }

        return place;
    }

    private static TimeSpan LatencyOf(RecordedCall call)
    {
        var latency = Span(call.TookMs) - Span(call.WaitedMs) - Span(call.Failures?.Sum(failure => failure.TookMs) ?? 0);
        return latency > TimeSpan.Zero ? latency : TimeSpan.Zero;
    }

    // To the tick: what is cut off may change who comes first.
    private static TimeSpan Span(double milliseconds) => new((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond));

    // What was reserved only is known by its tokens.
    private static RequestFacts FactsOf(RecordedCall call) => new(
        call.Operation,
        call.Route,
        0,
        0,
        Stream: false,
        call.MaxOutput,
        Math.Max(1, call.Choices),
        call is { Bytes: 0, Images: 0, Input: { } input } ? (int)Math.Min(int.MaxValue, input * BytesPerToken) : call.Bytes,
        call.Images)
    {
        Characters = call.Characters,
        Tokens = call.Counted,
        Words = call.Words,
        Content = call.Content,
        AsksForCache = call.AsksForCache,
    };
}
