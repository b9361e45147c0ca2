using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Operations.Preflight;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>The body of <c>POST /preflight</c>.</summary>
/// <param name="Steps">What the run does, one step after the other; 1 to 50.</param>
internal sealed record PreflightRequest([property: JsonRequired] IReadOnlyList<PreflightStep> Steps)
{
    /// <summary><c>interactive</c>, <c>standard</c> or <c>background</c>; as the header where not given.</summary>
    public string? Priority { get; init; }

    /// <summary>The user; as the header where not given.</summary>
    public string? User { get; init; }

    /// <summary>In how many seconds the run must be over; the answer tells how likely that is.</summary>
    public double? DeadlineSeconds { get; init; }

    /// <summary>Whether the run that <c>X-Run</c> names may spend no more than is foreseen.</summary>
    public bool? Hold { get; init; }
}

/// <summary>A step of the run.</summary>
/// <param name="Model">What is asked for: a route's name.</param>
internal sealed record PreflightStep([property: JsonRequired] string Model)
{
    /// <summary>The step's name, as in <c>X-Step</c>: what such steps used is known.</summary>
    public string? Step { get; init; }

    /// <summary>How many calls; default 1.</summary>
    public int? Calls { get; init; }

    /// <summary>How many of them at once; default 1.</summary>
    public int? AtOnce { get; init; }

    /// <summary>What will be asked, by its path without <c>/v1/</c>.</summary>
    public string? Operation { get; init; }

    /// <summary>The input tokens of a call.</summary>
    public long? InputTokens { get; init; }

    /// <summary>The part of them that will be read from the provider's prompt cache.</summary>
    public long? CachedInputTokens { get; init; }

    /// <summary>The output tokens of a call, on average; default what such calls used.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The bound on output tokens that calls will state.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>The body of a call like them, to estimate its tokens from, where they are not given.</summary>
    public JsonElement? Request { get; init; }
}

/// <summary>Reads the body without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PreflightRequest))]
internal sealed partial class PreflightJson : JsonSerializerContext;

/// <summary>Makes a planned run out of what is said of it.</summary>
internal sealed class PreflightReader(CallServices services)
{
    private const int MostSteps = 50;
    private const int MostCalls = 10_000;

    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(7);

    private readonly ReservationReader _reader = new(services, translates: true);

    /// <summary>Reads a run; null with what is wrong with it.</summary>
    public List<PlannedStep>? Read(PreflightRequest asked, Caller caller, out GatewayError? error)
    {
        error = asked.Steps.Count is < 1 or > MostSteps ? Bad($"'steps' must hold 1 to {MostSteps} steps, not {asked.Steps.Count}.", "steps")
            : asked.Steps.Any(static step => step is null) ? Bad("'steps' holds null where a step is needed.", "steps")
            : asked.DeadlineSeconds is { } deadline && !(deadline > 0 && deadline <= LongestDeadline.TotalSeconds)
                ? Bad($"'deadlineSeconds' must be above 0 and at most {LongestDeadline.TotalSeconds}.", "deadlineSeconds")
            : asked.Hold == true && caller.Run is null ? Bad("'hold' is for the run that X-Run names, and none is named.", "hold")
            : null;
        var steps = new List<PlannedStep>();
        for (var index = 0; error is null && index < asked.Steps.Count; index++)
        {
            if (Read(asked, asked.Steps[index], $"steps[{index}]", caller, out error) is { } step)
            {
                steps.Add(step);
            }
        }

        error ??= steps.Sum(static step => (long)step.Calls) > MostCalls ? Bad($"'steps' may hold {MostCalls} calls in all.", "steps") : null;
        return error is null ? steps : null;
    }

    private PlannedStep? Read(PreflightRequest asked, PreflightStep step, string path, Caller caller, out GatewayError? error)
    {
        var calls = step.Calls ?? 1;
        error = calls is < 1 or > MostCalls ? Bad($"'{path}.calls' must be 1 to {MostCalls}, not {calls}.", $"{path}.calls")
            : step.AtOnce is < 1 or > MostCalls ? Bad($"'{path}.atOnce' must be 1 to {MostCalls}, not {step.AtOnce}.", $"{path}.atOnce")
            : step.MaxOutputTokens is < 1 || step.MaxOutputTokens < step.OutputTokens ? Bad($"'{path}.maxOutputTokens' must be at least 1, and not below outputTokens.", $"{path}.maxOutputTokens")
            : step.Step?.Length > CallerReader.MaxNameLength ? Bad($"'{path}.step' must be no longer than {CallerReader.MaxNameLength} characters.", $"{path}.step")
            : null;
        if (error is not null)
        {
            return null;
        }

        var reservation = new ReservationRequest(step.Model)
        {
            Operation = step.Operation,
            InputTokens = step.InputTokens,
            CachedInputTokens = step.CachedInputTokens,
            OutputTokens = step.MaxOutputTokens ?? step.OutputTokens,
            Request = step.Request,
            Priority = asked.Priority,
            User = asked.User,
        };
        if (!_reader.TryRead(reservation, caller with { Step = step.Step ?? caller.Step }, out var wanted, out var fault))
        {
            // Whose it is stands at the top, all else in the step.
            error = fault with { Parameter = fault.Parameter is "priority" or "user" ? fault.Parameter : $"{path}.{fault.Parameter ?? "model"}" };
            return null;
        }

        return new PlannedStep(
            wanted.Call.Caller, calls, Math.Min(calls, step.AtOnce ?? 1), wanted.Plan, wanted.Call.Facts, step.OutputTokens ?? wanted.Plan.Estimate(0).OutputTokens);
    }

    private static GatewayError Bad(string message, string parameter) => GatewayError.BadRequest("invalid_value", message, parameter);
}
