using System.Globalization;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http.Jobs;

/// <summary>
/// Serves <c>/jobs</c> to whoever authenticates by key, or was authenticated before and has left an <see cref="AuthenticatedTenant"/> among the
/// request's features.
/// </summary>
internal static class JobEndpoints
{
    private static readonly GatewayError NotAuthenticated = new(401, "invalid_api_key", "A job belongs to a tenant: send its key.");

    private static readonly GatewayError NotFound = new(404, "job_not_found", "There is no such job, or it is not kept any more.");

    /// <summary>Maps <c>POST /jobs</c>, <c>GET /jobs/{id}</c> and <c>DELETE /jobs/{id}</c>.</summary>
    /// <returns>The endpoints, for conventions such as filters.</returns>
    public static IEndpointConventionBuilder MapJobs(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup(string.Empty);
        ((IEndpointConventionBuilder)group).Finally(static endpoint => endpoint.RequestDelegate = FailedEndpoint.Guard(endpoint.RequestDelegate!));
        group.MapPost(JobPaths.Jobs, (HttpContext context) => PostAsync(context));
        group.MapGet(JobPaths.Job, (HttpContext context, string id) => GetAsync(context, id));
        group.MapDelete(JobPaths.Job, (HttpContext context, string id) => DeleteAsync(context, id));
        return group;
    }

    /// <summary>Takes a job.</summary>
    public static Task PostAsync(HttpContext context) => WithTenantAsync(context, PostAsync);

    /// <summary>Shows a job.</summary>
    public static Task GetAsync(HttpContext context, string id) => WithTenantAsync(context, (http, tenant) => GetAsync(http, tenant, id));

    /// <summary>Gives a job up.</summary>
    public static Task DeleteAsync(HttpContext context, string id) => WithTenantAsync(context, (http, tenant) => DeleteAsync(http, tenant, id));

    internal static Task AcceptedAsync(HttpContext context, JobSnapshot job, bool isReplay)
    {
        context.Response.Headers.Location = JobPaths.Of(job.Id);
        if (isReplay)
        {
            context.Response.Headers[IdempotentResponse.ReplayedHeader] = "true";
        }

        return ShowAsync(context, StatusCodes.Status202Accepted, job);
    }

    private static Task WithTenantAsync(HttpContext context, Func<HttpContext, string, Task> handle)
    {
        var error = NotAuthenticated;
        var tenant = context.Features.Get<AuthenticatedTenant>()
            ?? context.RequestServices.GetService<Authenticator>()?.Authenticate(context.Request.Headers, KeyUse.Jobs, out error);
        return tenant is null ? RefuseAsync(context, error ?? NotAuthenticated) : handle(context, tenant.Tenant);
    }

    private static async Task PostAsync(HttpContext context, string tenant)
    {
        if (!IdempotencyKeys.TryRead(context.Request.Headers, out var key, out var error) || (error = ContentTypes.Fault(context.Request)) is not null)
        {
            await RefuseAsync(context, error);
            return;
        }

        var most = context.RequestServices.GetRequiredService<GatewayOptions>().MaxRequestBytes;
        (var read, error) = await RequestBody.ReadAsync(context, most, tenant);
        if (read is null)
        {
            await RefuseAsync(context, error!);
            return;
        }

        using var body = read;
        if (!JobRequestReader.TryRead(body.Bytes, out var request, out error))
        {
            await RefuseAsync(context, error);
            return;
        }

        var jobs = context.RequestServices.GetRequiredService<JobService>();
        var acceptance = await jobs.AcceptAsync(tenant, request with { IdempotencyKey = key }, context.RequestAborted);
        if (!acceptance.IsAccepted)
        {
            await RefuseAsync(context, acceptance.Error);
        }
        else if (await jobs.FindAsync(tenant, acceptance.Id, JobPage.First, context.RequestAborted) is { } job)
        {
            await AcceptedAsync(context, job, acceptance.IsReplay);
        }
        else
        {
            await RefuseAsync(context, NotFound);
        }
    }

    private static async Task GetAsync(HttpContext context, string tenant, string id)
    {
        var from = 0;
        if (context.Request.Query.TryGetValue("from", out var text) && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            await RefuseAsync(context, GatewayError.BadRequest("invalid_from", "'from' must be the index of a call, from 0.", "from"));
            return;
        }

        var jobs = context.RequestServices.GetRequiredService<JobService>();
        await (await jobs.FindAsync(tenant, id, JobPage.First with { From = from }, context.RequestAborted) is { } job
            ? ShowAsync(context, StatusCodes.Status200OK, job)
            : RefuseAsync(context, NotFound));
    }

    private static async Task DeleteAsync(HttpContext context, string tenant, string id)
    {
        var jobs = context.RequestServices.GetRequiredService<JobService>();
        var known = await jobs.CancelAsync(tenant, id, context.RequestAborted);
        await (known && await jobs.FindAsync(tenant, id, JobPage.First, context.RequestAborted) is { } job
            ? ShowAsync(context, StatusCodes.Status200OK, job)
            : RefuseAsync(context, NotFound));
    }

    private static Task ShowAsync(HttpContext context, int status, JobSnapshot job)
    {
        var json = context.RequestServices.GetRequiredService<JobJson>();
        if (json.PollAfterSeconds(job) is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return JsonResponse.WriteAsync(context, status, writer => json.Write(writer, job));
    }

    private static Task RefuseAsync(HttpContext context, GatewayError error) => JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error);
}
