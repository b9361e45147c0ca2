using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using Meter = System.Diagnostics.Metrics.Meter;

namespace FuncLimiter.Gateway.Operations.Telemetry;

/// <summary>
/// What happens to calls, as instruments of one meter. Labels are bounded: users are no label, and only the first tenants have one of their own.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    private const int MostTenants = 200;

    private static readonly double[] WaitBuckets = [0.005, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120, 600, 3600];
    private static readonly double[] WatchBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];
    private static readonly double[] RatioBuckets = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2, 4];
    private static readonly double[] DurationBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly int[] TokenBuckets = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private readonly TenantLabels _tenants = new(MostTenants);
    private readonly FrozenDictionary<string, string> _providers;
    private readonly Counter<long> _verdicts;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _ratios;
    private readonly Counter<double> _cost;
    private readonly Histogram<int> _tokens;
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _watch;

    public GatewayMetrics(GatewayConfiguration configuration)
    {
        _providers = configuration.Accounts
            .SelectMany(account => account.Models.Select(model => (Deployment: $"{account.Id}/{model.Model}", Provider: GenAiNames.Of(account.Provider))))
            .ToFrozenDictionary(entry => entry.Deployment, entry => entry.Provider, StringComparer.Ordinal);
        _verdicts = Meter.CreateCounter<long>(MetricNames.Verdicts, "{verdict}", "What the limiter decided.");
        _waits = Histogram(MetricNames.Wait, "s", "From a call's asking to its verdict.", WaitBuckets);
        _retries = Meter.CreateCounter<long>(MetricNames.Retries, "{attempt}", "Attempts after a call's first.");
        _failures = Meter.CreateCounter<long>(MetricNames.Failures, "{response}", "Failures that providers answered.");
        _ratios = Histogram(MetricNames.EstimateRatio, "1", "Charged in the end over foreseen.", RatioBuckets);
        _cost = Meter.CreateCounter<double>(MetricNames.Cost, "{USD}", "Cost in US dollars.");
        _tokens = Histogram(MetricNames.TokenUsage, "{token}", "Tokens used.", TokenBuckets);
        _watch = Histogram(MetricNames.Watch, "s", "Looking at everything for operators.", WatchBuckets);
        _durations = Histogram(MetricNames.Duration, "s", "How long calls took, waiting included.", DurationBuckets);
    }

    /// <summary>The meter that they belong to.</summary>
    public Meter Meter { get; } = new(MetricNames.Source);

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    /// <summary>The limiter decided.</summary>
    /// <param name="reason">Why not, where refused.</param>
    public void Verdict(CallEventKind kind, string tenant, Priority priority, string? reason) => _verdicts.Add(
        1,
        new TagList
        {
            { "verdict", CallEventName.Of(kind) },
            { "priority", PriorityName.Of(priority) },
            { "tenant", _tenants.Of(tenant) },
            { "reason", reason ?? string.Empty },
        });

    /// <summary>A call got its verdict after so long.</summary>
    public void Waited(Priority priority, TimeSpan waited) =>
        _waits.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("priority", PriorityName.Of(priority)));

    /// <summary>Everything was looked at for operators.</summary>
    public void Looked(TimeSpan took) => _watch.Record(took.TotalSeconds);

    /// <summary>A provider answered a failure.</summary>
    public void Failed(string deployment, OutcomeKind outcome) =>
        _failures.Add(1, new("deployment", deployment), new("outcome", OutcomeName.Of(outcome)));

    /// <summary>What was foreseen of a call at a provider came to something.</summary>
    public void Settled(string deployment, in Charge held, in Charge final)
    {
        var (foreseen, came) = (Tokens(held), Tokens(final));
        if (foreseen > 0 && came > 0)
        {
            _ratios.Record((double)came / foreseen, new KeyValuePair<string, object?>("deployment", deployment));
        }
    }

    /// <summary>A call is over.</summary>
    public void Ended(UsageRecord record)
    {
        var deployment = record.Deployment;
        var tags = new TagList
        {
            { "gen_ai.operation.name", GenAiNames.Of(record.Operation) },
            { "gen_ai.provider.name", deployment is null ? string.Empty : _providers.GetValueOrDefault(deployment, string.Empty) },
            { "gen_ai.request.model", record.Route },
            { "gen_ai.response.model", deployment is null ? string.Empty : deployment[(deployment.IndexOf('/', StringComparison.Ordinal) + 1)..] },
        };
        if (record.Status >= 400)
        {
            _durations.Record(record.Duration.TotalSeconds, [.. tags, new("error.type", ErrorType(record.Status))]);
        }
        else
        {
            _durations.Record(record.Duration.TotalSeconds, tags);
        }

        if (record.Attempts > 1)
        {
            _retries.Add(record.Attempts - 1, new KeyValuePair<string, object?>("priority", PriorityName.Of(record.Caller.Priority)));
        }

        if (record.Usage is { } usage)
        {
            RecordTokens(usage.InputTokens, "input", tags);
            RecordTokens(usage.OutputTokens, "output", tags);
        }

        if (record.CostUsd is { } cost && deployment is not null)
        {
            _cost.Add((double)cost, new("tenant", _tenants.Of(record.Caller.Tenant)), new("deployment", deployment));
        }
    }

    private void RecordTokens(long tokens, string type, TagList tags)
    {
        tags.Add("gen_ai.token.type", type);
        _tokens.Record((int)Math.Min(tokens, int.MaxValue), tags);
    }

    private static long Tokens(in Charge charge) => Math.Max(charge.Tokens, charge.InputTokens + charge.OutputTokens);

    private static string ErrorType(int status) => status switch
    {
        429 => "429",
        499 => "499",
        >= 500 => "5xx",
        _ => "4xx",
    };

    private Histogram<T> Histogram<T>(string name, string unit, string description, T[] buckets)
        where T : struct =>
        Meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<T> { HistogramBucketBoundaries = buckets });
}

/// <summary>Labels for tenants, bounded: the first so many have their own, all further ones share <c>other</c>.</summary>
internal sealed class TenantLabels(int most)
{
    /// <summary>The label of all tenants without one of their own.</summary>
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, string> _labels = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The label of a tenant.</summary>
    public string Of(string tenant)
    {
        if (_labels.TryGetValue(tenant, out var label))
        {
            return label;
        }

        if (Volatile.Read(ref _count) >= most || Interlocked.Increment(ref _count) > most)
        {
            return Other;
        }

        return _labels.GetOrAdd(tenant, tenant);
    }
}
