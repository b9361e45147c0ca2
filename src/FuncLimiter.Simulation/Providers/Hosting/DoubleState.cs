using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Batches;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Reports;
using FuncLimiter.Simulation.Providers.Requests;
using FuncLimiter.Simulation.Providers.Signals;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>All counters of a double from its start, or its last reset, on. One lock guards them; nothing waits inside it.</summary>
internal sealed class DoubleState
{
    private readonly Lock _gate = new();
    private readonly ProviderDoubleOptions _options;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Dictionary<(ProviderDialect, string Key, string Model), DoubleDeployment> _byModel = [];
    private readonly HashSet<(ProviderDialect, string Key)> _keys = [];
    private readonly List<DoubleDeployment> _deployments = [];
    private readonly Dictionary<string, Enforcer[]> _shared;
    private readonly FaultSchedule _faults;
    private readonly IdempotencyLedger _idempotency = new();
    private long _ids;
    private long _unauthorized;
    private long _invalid;

    public DoubleState(ProviderDoubleOptions options, TimeProvider time)
    {
        (_options, _time, _start) = (options, time, time.GetTimestamp());
        _faults = new FaultSchedule(options.Seed);
        Batches = new BatchDesk(options.Batches);
        _shared = options.SharedLimits.ToDictionary(pair => pair.Key, pair => pair.Value.SelectMany(EnforcerFactory.Create).ToArray());
        foreach (var deployment in options.Deployments)
        {
            var made = new DoubleDeployment(deployment, _shared.GetValueOrDefault(deployment.Key, []));
            _deployments.Add(made);
            _byModel.Add((deployment.Dialect, deployment.Key, deployment.Model), made);
            _keys.Add((deployment.Dialect, deployment.Key));
        }

        foreach (var rule in options.Faults)
        {
            _faults.Add(rule, 0);
        }
    }

    /// <summary>Its batch service.</summary>
    public BatchDesk Batches { get; }

    /// <summary>Seconds since the start.</summary>
    public double Now => _time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>An id that no other call of this double has.</summary>
    public string NextId() => $"{_options.Seed:x4}{Interlocked.Increment(ref _ids):x12}";

    public bool IsKey(ProviderDialect dialect, string? key)
    {
        if (_options.TakesAnyKey || (key is not null && _keys.Contains((dialect, key))))
        {
            return true;
        }

        Interlocked.Increment(ref _unauthorized);
        return false;
    }

    public DoubleDeployment? Find(ProviderDialect dialect, string key, string model) =>
        _byModel.GetValueOrDefault((dialect, key, model))
        ?? (_options.TakesAnyKey ? _deployments.Where(each => each.Options.Model == model).MinBy(each => each.Options.Dialect != dialect) : null);

    public IEnumerable<string> Models(ProviderDialect dialect, string key) => _deployments
        .Where(each => each.Options.Dialect == dialect && (each.Options.Key == key || (_options.TakesAnyKey && !_keys.Contains((dialect, key)))))
        .Select(deployment => deployment.Options.Model)
        .Distinct();

    public void CountInvalid() => Interlocked.Increment(ref _invalid);

    public void AddFaults(IEnumerable<FaultRule> rules, bool clear)
    {
        lock (_gate)
        {
            if (clear)
            {
                _faults.Clear();
            }

            foreach (var rule in rules)
            {
                _faults.Add(rule, Now);
            }
        }
    }

    /// <summary>Lets a call in or turns it away, and sets the headers that tell of the limits.</summary>
    public Admission Admit(
        DoubleDeployment deployment, ReceivedRequest request, Fault? asked, string? idempotencyKey, string id, IHeaderDictionary headers)
    {
        lock (_gate)
        {
            var now = Now;
            _faults.ChangeLimits(_deployments, now);
            deployment.Arrived(now);
            if (idempotencyKey is not null)
            {
                _idempotency.Saw(idempotencyKey);
            }

            var admission = Decide(deployment, request, asked, id, now);
            if (admission.Plan is not null && idempotencyKey is not null)
            {
                _idempotency.Accepted(idempotencyKey);
            }

            if (deployment.Options.TellsLimits && admission.Fault is not { IsShed: true })
            {
                DoubleHeaders.Set(headers, deployment.Options.Dialect, deployment.Limits, now, _time.GetUtcNow());
            }

            return admission;
        }
    }

    /// <summary>Charges output as it comes into being.</summary>
    public void Generated(DoubleDeployment deployment, long tokens)
    {
        lock (_gate)
        {
            deployment.Limits.Correct(new Demand(0, 0, 0, tokens, 0), Now);
        }
    }

    /// <summary>Replaces the estimate of the input by what the tokenizer counted.</summary>
    public void CorrectInput(DoubleDeployment deployment, AnswerPlan plan, long charged)
    {
        lock (_gate)
        {
            deployment.Limits.Correct(new Demand(0, 0, plan.PlainInput + plan.CacheWritten - charged, 0, 0), Now);
        }
    }

    /// <summary>Ends an accepted call.</summary>
    public void End(DoubleDeployment deployment, AnswerPlan plan, CallEnd end)
    {
        lock (_gate)
        {
            deployment.Limits.Correct(new Demand(0, 0, 0, 0, -1), Now);
            deployment.UnderWay--;
            deployment.Cancelled += end == CallEnd.Cancelled ? 1 : 0;
            if (end == CallEnd.Completed)
            {
                deployment.Completed++;
                deployment.InputTokens += plan.PromptTokens;
                deployment.CachedTokens += plan.CacheRead;
                deployment.OutputTokens += plan.AllOutputTokens;
            }
        }
    }

    public DoubleReport Report()
    {
        lock (_gate)
        {
            var now = Now;
            _faults.ChangeLimits(_deployments, now);
            return new DoubleReport(
                _time.GetUtcNow(),
                now,
                [.. _deployments.Select(deployment => deployment.Report(now))],
                [.. _shared.Values.SelectMany(limits => limits).Select(limit => DoubleDeployment.Report(limit, now))],
                _idempotency.Report(),
                Interlocked.Read(ref _unauthorized),
                Interlocked.Read(ref _invalid));
        }
    }

    private Admission Decide(DoubleDeployment deployment, ReceivedRequest request, Fault? asked, string id, double now)
    {
        if (Math.Max(deployment.ClosedUntil, deployment.Penalty.ClosedUntil) > now)
        {
            var cause = deployment.ClosedUntil > now ? RefusalCause.Closed : RefusalCause.Penalty;
            return Refuse(deployment, Closed(cause, Math.Max(deployment.ClosedUntil, deployment.Penalty.ClosedUntil) - now), now);
        }

        var fault = asked ?? _faults.Next(deployment.Options.ReportName, now);
        deployment.Faults += fault is null ? 0 : 1;
        if (fault is { IsShed: true })
        {
            deployment.Limits.CostFailure(now);
            return new Admission(null, null, fault, 0);
        }

        if (fault is { Kind: FaultKind.RetryAfter } closing)
        {
            deployment.ClosedUntil = now + (closing.Value ?? 1);
            return Refuse(deployment, Closed(RefusalCause.Closed, closing.Value ?? 1), now);
        }

        var options = deployment.Options;
        var (read, written) = deployment.Cache.Look(request, options.Dialect, options.CharactersPerToken, now);
        var (need, charge) = StartCharge.Of(request, options.Dialect, read);
        if (deployment.Limits.TryTake(need, charge, now) is { } refusal)
        {
            return Refuse(deployment, refusal, now);
        }

        deployment.Cache.Keep(request, options.Dialect, now);
        deployment.Accepted++;
        deployment.MostUnderWay = Math.Max(deployment.MostUnderWay, ++deployment.UnderWay);
        return new Admission(Plan(options, request, id, read, written), null, fault, charge.InputTokens);
    }

    private static LimitRefusal Closed(RefusalCause cause, double seconds) =>
        new(cause, LimitDimension.Requests, seconds, 0, 0, 1, 0, TimeSpan.FromMinutes(1));

    private static Admission Refuse(DoubleDeployment deployment, LimitRefusal refusal, double now)
    {
        deployment.Rejected++;
        deployment.TooLarge += refusal.Cause == RefusalCause.TooLarge ? 1 : 0;
        deployment.Penalty.Violated(now);
        if (DoubleRetryHint.Seconds(refusal, deployment.Options.Dialect) is { } told)
        {
            deployment.ToldUntil = Math.Max(deployment.ToldUntil, now + told);
        }

        return new Admission(null, refusal, null, 0);
    }

    /// <summary>The answer to a call that no limit concerns.</summary>
    public AnswerPlan Foresee(DeploymentOptions options, ReceivedRequest request, string id) => Plan(options, request, id, 0, 0);

    private AnswerPlan Plan(DeploymentOptions options, ReceivedRequest request, string id, long read, long written)
    {
        var prompt = Math.Max(TokenCount.Prompt(request, options.CharactersPerToken), read + written);
        var (tokens, cutOff) = AnswerPlan.Length(request, options.Output, _options.Seed);
        return new AnswerPlan
        {
            Request = request,
            Model = options.Model,
            Id = id,
            CreatedSeconds = _time.GetUtcNow().ToUnixTimeSeconds(),
            PromptTokens = prompt,
            CacheRead = read,
            CacheWritten = written,
            OutputTokens = tokens,
            CutOff = cutOff,
        };
    }
}

/// <summary>
/// What a call is charged on arrival. OpenAI: the larger of max_tokens, for each choice, and an estimate from the characters. Azure: that
/// estimate and max_tokens together, for each answer generated. Anthropic: the estimate of the input that is not cached, corrected later;
/// output as it is generated (the providers' rate limit pages).
/// </summary>
internal static class StartCharge
{
    /// <summary>What must fit, and what is taken; they differ where output only has to have begun to fit.</summary>
    public static (Demand Need, Demand Charge) Of(ReceivedRequest request, ProviderDialect dialect, long cacheRead)
    {
        var estimate = TokenCount.Estimate(request);
        var bound = request.MaxTokens ?? 0;
        var tokens = dialect switch
        {
            ProviderDialect.OpenAI => Math.Max(bound * request.Choices, estimate),
            ProviderDialect.Azure => estimate + (bound * Math.Max(request.Choices, request.BestOf)),
            _ => estimate,
        };
        var charge = new Demand(1, tokens, Math.Max(0, estimate - cacheRead), 0, 1);
        return (charge with { OutputTokens = request.Operation == RequestOperation.Embeddings ? 0 : 1 }, charge);
    }
}

/// <summary>What became of a call at the door.</summary>
/// <param name="Plan">Its answer; null where it was refused or shed.</param>
/// <param name="Refusal">Why it was refused, where it was.</param>
/// <param name="Fault">What is to go wrong with it, where something is.</param>
/// <param name="InputCharged">Input tokens taken on the estimate, to be corrected.</param>
internal readonly record struct Admission(AnswerPlan? Plan, LimitRefusal? Refusal, Fault? Fault, long InputCharged);
