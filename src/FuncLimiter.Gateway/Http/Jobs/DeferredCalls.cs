using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Jobs;

/// <summary>Makes jobs of calls on the drop-in paths.</summary>
internal sealed class DeferredCalls(JobService jobs) : IDeferredCalls
{
    /// <inheritdoc/>
    public async Task AcceptAsync(HttpContext context, CallEnvelope call)
    {
        var tenant = call.Caller.Tenant;
        var acceptance = await jobs.AcceptAsync(tenant, Request(call), context.RequestAborted);
        if (!acceptance.IsAccepted)
        {
            await JsonResponse.WriteErrorAsync(context, call.Dialect, acceptance.Error);
        }
        else if (await jobs.FindAsync(tenant, acceptance.Id, JobPage.First, context.RequestAborted) is { } job)
        {
            context.Response.Headers["Preference-Applied"] = "respond-async";
            await JobEndpoints.AcceptedAsync(context, job, acceptance.IsReplay);
        }
        else
        {
            await JsonResponse.WriteErrorAsync(context, call.Dialect, new GatewayError(404, "job_not_found", "The job is not kept any more."));
        }
    }

    private static JobRequest Request(CallEnvelope call)
    {
        var path = new JobPath(call.Dialect, call.Facts.Operation, call.Dialect == Dialect.Azure ? call.Facts.Model : null, call.Query);
        return new JobRequest([
            new JobCall(path.ToString(), call.Body.ToArray(), call.Caller.Priority)
            {
                User = call.Caller.User,
                Workflow = call.Caller.Workflow,
                Step = call.Caller.Step,
                Run = call.Caller.Run,
                Tier = call.Caller.Tier,
                Headers = call.Headers,
            },
        ])
        {
            IdempotencyKey = call.IdempotencyKey,
        };
    }
}
