using System.Diagnostics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;

namespace FuncLimiter.Gateway.Calls;

/// <summary>
/// A span of a call's trace: the call from intake to settlement, in it each wait for admission and each attempt at a provider. Costs next
/// to nothing while nobody listens; then the caller's own <c>traceparent</c> is forwarded unchanged.
/// </summary>
internal readonly struct CallTrace : IDisposable
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";
    private static readonly ActivitySource Source = new(MetricNames.Source);

    private readonly Activity? _span;

    private CallTrace(Activity? span) => _span = span;

    /// <summary>Begins a call: a child of its host's span where that one is recorded, else of the caller's.</summary>
    public static CallTrace Begin(CallEnvelope call, string route)
    {
        if (!Source.HasListeners())
        {
            return default;
        }

        // The web server's own span is not recorded unless somebody asked for its source: nobody would find that parent.
        var ofHost = Activity.Current is { Source.Name.Length: > 0 } current ? current.Context : default;
        var parent = ofHost != default ? ofHost : ParentOf(call);
        if (ofHost == default)
        {
            Activity.Current = null;
        }

        var span = Source.StartActivity($"{GenAiNames.Of(call.Facts.Operation)} {route}", ActivityKind.Server, parent);
        span?.SetTag("gen_ai.operation.name", GenAiNames.Of(call.Facts.Operation))
            .SetTag("gen_ai.request.model", route)
            .SetTag("funclimiter.tenant", call.Caller.Tenant)
            .SetTag("funclimiter.priority", call.Caller.Priority.ToString())
            .SetTag("funclimiter.workflow", call.Caller.Workflow)
            .SetTag("funclimiter.step", call.Caller.Step)
            .SetTag("funclimiter.run", call.Caller.Run);
        return new(span);
    }

    /// <summary>Begins the wait for admission.</summary>
    public static CallTrace Wait(AdmissionRequest request)
    {
        var span = Source.StartActivity("wait");
        span?.SetTag("funclimiter.route", request.Route).SetTag("funclimiter.priority", request.Priority.ToString());
        return new(span);
    }

    /// <summary>Begins an attempt at a provider.</summary>
    public static CallTrace Attempt(Attempt attempt, int number)
    {
        var span = Source.StartActivity($"{GenAiNames.Of(attempt.Call.Facts.Operation)} {attempt.Deployment.Target.Model}", ActivityKind.Client);
        span?.SetTag("gen_ai.operation.name", GenAiNames.Of(attempt.Call.Facts.Operation))
            .SetTag("gen_ai.provider.name", GenAiNames.Of(attempt.Deployment.Provider.Id))
            .SetTag("gen_ai.request.model", attempt.Deployment.Target.Model)
            .SetTag("funclimiter.deployment", attempt.Deployment.Name)
            .SetTag("funclimiter.attempt", number);
        return new(span);
    }

    /// <summary>Makes the attempt's span the parent of what the provider does, where there is one.</summary>
    public static void PassOn(HttpRequestMessage request)
    {
        if (Activity.Current is { Id: { } id } span && ReferenceEquals(span.Source, Source))
        {
            request.Headers.Remove(TraceParent);
            request.Headers.TryAddWithoutValidation(TraceParent, id);
            if (span.TraceStateString is { } state)
            {
                request.Headers.Remove(TraceState);
                request.Headers.TryAddWithoutValidation(TraceState, HeaderText.Printable(state));
            }
        }
    }

    /// <summary>How the wait ended.</summary>
    public AdmissionResult Ended(AdmissionResult result)
    {
        _span?.SetTag("funclimiter.waited_ms", (long)result.Waited.TotalMilliseconds)
            .SetTag("funclimiter.verdict", result.Refusal is null ? "admitted" : "refused")
            .SetTag("funclimiter.budget", result.Refusal?.Budget ?? result.Tightest?.Name);
        return result;
    }

    /// <summary>How the attempt ended.</summary>
    public FailedAttempt? Ended(FailedAttempt? failure, TokenUsage? usage)
    {
        Tag(usage);
        if (failure is not null)
        {
            _span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", OutcomeName.Of(failure.Kind));
        }

        return failure;
    }

    /// <summary>How the call ended.</summary>
    public UsageRecord End(UsageRecord record)
    {
        Tag(record.Usage);
        _span?.SetTag("http.response.status_code", record.Status)
            .SetTag("funclimiter.waited_ms", (long)record.Waited.TotalMilliseconds)
            .SetTag("funclimiter.deployment", record.Deployment)
            .SetTag("funclimiter.attempts", record.Attempts)
            .SetTag("funclimiter.cost_usd", (double?)record.CostUsd)
            .SetStatus(record.Status >= 500 ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        return record;
    }

    /// <summary>Ends the span.</summary>
    public void Dispose() => _span?.Dispose();

    private void Tag(TokenUsage? usage)
    {
        if (usage is { } used)
        {
            _span?.SetTag("gen_ai.usage.input_tokens", used.InputTokens).SetTag("gen_ai.usage.output_tokens", used.OutputTokens);
        }
    }

    private static ActivityContext ParentOf(CallEnvelope call)
    {
        string? parent = null, state = null;
        foreach (var (name, value) in call.Headers)
        {
            parent = name.Equals(TraceParent, StringComparison.OrdinalIgnoreCase) ? value : parent;
            state = name.Equals(TraceState, StringComparison.OrdinalIgnoreCase) ? value : state;
        }

        return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default;
    }
}
