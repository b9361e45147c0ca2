using System.Diagnostics.CodeAnalysis;
using System.Text;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>Makes a call out of what a reservation says of it.</summary>
/// <param name="translates">Whether the gateway will make the call, and so may translate it.</param>
internal sealed class ReservationReader(CallServices services, bool translates = false)
{
    private const double MaxTtlSeconds = 3_600;
    private const double DefaultTtlSeconds = 300;
    private const long MaxTokens = 1_000_000_000;

    /// <summary>Reads a reservation.</summary>
    public bool TryRead(
        ReservationRequest asked, Caller caller, [NotNullWhen(true)] out WantedReservation? wanted, [NotNullWhen(false)] out GatewayError? error)
    {
        wanted = null;
        if (!services.Routes.TryFind(caller.Tenant, asked.Model, out var route, out error))
        {
            return false;
        }

        if (!TryReadCaller(asked, caller, out var owner, out error) || !TryReadOperation(asked, route, out var operation, out error))
        {
            return false;
        }

        error = Check(asked);
        if (error is not null || !TryForesee(asked, route, operation, owner, out var facts, out var plan, out error))
        {
            error ??= GatewayError.BadRequest("invalid_value", "The reservation makes no sense.");
            return false;
        }

        var wish = asked.MaxWaitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var call = new CallEnvelope(RequestDialect.Of(operation, false), facts, ReadOnlyMemory<byte>.Empty, owner, string.Empty, [])
        {
            MaxWait = services.Configuration.Queue.MaxWait(owner.Priority, wish),
        };
        wanted = new WantedReservation(call, plan, TimeSpan.FromSeconds(asked.TtlSeconds ?? DefaultTtlSeconds));
        return true;
    }

    private static GatewayError? Check(ReservationRequest asked) =>
        OutOfRange("maxWaitSeconds", asked.MaxWaitSeconds, 0, TimeSpan.FromDays(1).TotalSeconds)
        ?? OutOfRange("ttlSeconds", asked.TtlSeconds, 1, MaxTtlSeconds)
        ?? OutOfRange("inputTokens", asked.InputTokens, 0, MaxTokens)
        ?? OutOfRange("outputTokens", asked.OutputTokens, 0, MaxTokens)
        ?? OutOfRange("cachedInputTokens", asked.CachedInputTokens, 0, asked.InputTokens ?? 0)
        ?? (asked.InputTokens is null && asked.Request is null
            ? GatewayError.BadRequest("missing_required_parameter", "Give inputTokens and outputTokens, or the call's body as request.", "inputTokens")
            : null);

    private static GatewayError? OutOfRange(string name, double? value, double least, double most) =>
        value is null || (value >= least && value <= most)
            ? null
            : GatewayError.BadRequest("invalid_value", FormattableString.Invariant($"'{name}' must be {least} to {most}, not {value}."), name);

    private static bool TryReadCaller(
        ReservationRequest asked, Caller caller, out Caller owner, [NotNullWhen(false)] out GatewayError? error)
    {
        owner = caller with { User = asked.User ?? caller.User };
        error = null;
        if (asked.Priority is not null)
        {
            if (!CallerReader.TryParse(asked.Priority, out var priority))
            {
                error = GatewayError.BadRequest("invalid_priority", "'priority' must be 'interactive', 'standard' or 'background'.", "priority");
                return false;
            }

            owner = owner with { Priority = priority };
        }

        if (owner.User?.Length > CallerReader.MaxNameLength)
        {
            error = GatewayError.BadRequest("invalid_value", $"'user' must be no longer than {CallerReader.MaxNameLength} characters.", "user");
        }

        return error is null;
    }

    /// <summary>The deployments that don't take an operation as it is: who calls by himself has nobody to translate.</summary>
    public static ulong Closed(Route route, Operation operation) => route.Closed(operation) | route.Crossed(operation);

    private ulong ClosedTo(Route route, Operation operation) => translates ? route.Closed(operation) : Closed(route, operation);

    private bool TryReadOperation(
        ReservationRequest asked, Route route, out Operation operation, [NotNullWhen(false)] out GatewayError? error)
    {
        var usual = ClosedTo(route, Operation.ChatCompletions) == route.All ? Operation.Messages : Operation.ChatCompletions;
        var named = asked.Operation is null ? usual : Operations.Of(asked.Operation);
        operation = named ?? usual;
        error = named is null ? GatewayError.BadRequest("invalid_value", $"'operation' must be {Operations.Names}.", "operation")
            : ClosedTo(route, operation) == route.All ? RouteErrors.NotServed(route, operation)
            : null;
        return error is null;
    }

    private bool TryForesee(
        ReservationRequest asked,
        Route route,
        Operation operation,
        Caller owner,
        [NotNullWhen(true)] out RequestFacts? facts,
        [NotNullWhen(true)] out CallPlan? plan,
        [NotNullWhen(false)] out GatewayError? error)
    {
        plan = null;
        error = null;
        if (asked.InputTokens is { } input)
        {
            var output = asked.OutputTokens
                ?? (operation is Operation.Embeddings or Operation.CountTokens
                    ? 0
                    : services.Estimator.Estimate(CallPlan.Key(route.Deployments[0], owner), new PromptSize(0), null, 1).OutputTokens);
            facts = new RequestFacts(operation, route.Name, 0, 0, false, asked.OutputTokens, 1, 0, 0);
            plan = CallPlan.Of(route, facts, new TokenEstimate(input, output, asked.CachedInputTokens ?? 0));
            return true;
        }

        var body = Encoding.UTF8.GetBytes(asked.Request!.Value.GetRawText());
        if (!RequestReader.TryRead(operation, body, asked.Model, out facts, out var problem))
        {
            error = new GatewayError(problem.Status, problem.Code, $"request: {problem.Message}") { Parameter = problem.Param is { Length: > 0 } inner ? $"request.{inner}" : "request" };
            return false;
        }

        plan = CallPlan.Foresee(route, facts, owner, services.Estimator);
        return true;
    }
}

/// <summary>A reservation as it is to be asked of the limiter.</summary>
/// <param name="Call">The call, without a body.</param>
/// <param name="Plan">What it is foreseen to cost.</param>
/// <param name="Ttl">When it counts as spent unless it is settled.</param>
internal sealed record WantedReservation(CallEnvelope Call, CallPlan Plan, TimeSpan Ttl);

/// <summary>The names of operations: their paths without <c>/v1/</c>.</summary>
internal static class Operations
{
    /// <summary>All names, for messages.</summary>
    public const string Names = "'chat/completions', 'responses', 'embeddings', 'messages' or 'messages/count_tokens'";

    /// <summary>The operation of a name; null where there is none.</summary>
    public static Operation? Of(string name) => name switch
    {
        "chat/completions" => Operation.ChatCompletions,
        "responses" => Operation.Responses,
        "embeddings" => Operation.Embeddings,
        "messages" => Operation.Messages,
        "messages/count_tokens" => Operation.CountTokens,
        _ => null,
    };
}
