using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Makes a call that can be executed of one that was stored or is to be.</summary>
/// <param name="routes">What may be asked for.</param>
internal sealed class JobCallReader(RouteTable routes)
{
    private const int LongestName = 256;

    /// <summary>Reads a call; what is wrong with it is wrong for good.</summary>
    /// <param name="envelope">The call as it can be executed.</param>
    public bool TryRead(JobCall call, string tenant, [NotNullWhen(true)] out CallEnvelope? envelope, [NotNullWhen(false)] out GatewayError? error)
    {
        envelope = null;
        if (!JobPath.TryParse(call.Path, out var path))
        {
            error = GatewayError.BadRequest("invalid_path", $"'path' must be one of {JobPath.All}.", "path");
            return false;
        }

        if (!RequestReader.TryRead(path.Operation, call.Body.Span, path.Model, out var facts, out var problem))
        {
            error = new GatewayError(problem.Status, problem.Code, problem.Message) { Parameter = problem.Param is null ? "body" : $"body.{problem.Param}" };
            return false;
        }

        var caller = new Caller(tenant, call.User, call.Priority, call.Workflow, call.Step, call.Run) { Tier = call.Tier };
        var read = new CallEnvelope(path.Dialect, facts, call.Body, caller, path.Query, call.Headers);
        error = Check(call, read);
        envelope = error is null ? read : null;
        return error is null;
    }

    /// <summary>How a call ends that can't be executed (any more), in its own dialect.</summary>
    public static JobItemResult Refuse(JobCall call, GatewayError error, DateTimeOffset endedAt)
    {
        var dialect = JobPath.TryParse(call.Path, out var path) ? path.Dialect : Dialect.OpenAI;
        return new JobItemResult(JobItemState.Failed, endedAt, ErrorJson.Status(dialect, error))
        {
            Headers = [new("Content-Type", "application/json")],
            Body = ErrorJson.Write(dialect, error),
        };
    }

    private GatewayError? Check(JobCall call, CallEnvelope read)
    {
        var facts = read.Facts;
        if (facts.Stream)
        {
            return GatewayError.BadRequest("stream_not_supported", "A job's answer is kept whole: leave 'stream' out, or send false.", "body.stream");
        }

        if (!routes.TryFind(read.Caller.Tenant, facts.Model, out var route, out var error))
        {
            return error with { Parameter = "body.model" };
        }

        if (CallWays.Find(route, read, routes.ClosedTo(read.Caller.Tenant, route)).Fault() is { } fault)
        {
            return fault with { Parameter = fault.Parameter is null ? "body" : $"body.{fault.Parameter}" };
        }

        var tooLong = new[] { ("user", call.User), ("workflow", call.Workflow), ("step", call.Step), ("run", call.Run) }
            .FirstOrDefault(name => name.Item2?.Length > LongestName);
        return tooLong.Item1 is null
            ? null
            : GatewayError.BadRequest("invalid_name", $"'{tooLong.Item1}' must be no longer than {LongestName} characters.", tooLong.Item1);
    }
}
