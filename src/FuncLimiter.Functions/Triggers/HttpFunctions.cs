using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Http.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Functions.Triggers;

/// <summary>What all HTTP functions have in common: the gateway's own handlers write the response, chunk by chunk where they stream.</summary>
internal abstract class HttpFunctions(DurableClientSource clients)
{
    /// <summary>Waits until the response is written; the worker has nothing to add.</summary>
    protected async Task<IActionResult> AnswerAsync(HttpRequest request, DurableTaskClient client, Func<HttpContext, Task> handle)
    {
        clients.Use(client);
        request.QueryString = WithoutKey(request.QueryString);
        try
        {
            // What came here past the paths' own pipeline is still a page's, perhaps.
            if (!request.HttpContext.RequestServices.GetRequiredService<CrossOrigin>().Answers(request.HttpContext))
            {
                await handle(request.HttpContext);
            }
        }
        catch (Exception failure) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // The worker lets a response end as it stands when the function fails: where nothing was written, that would be an empty 200.
            await FailedEndpoint.HandleAsync(request.HttpContext, failure);
            if (FailedEndpoint.IsOurs(failure))
            {
                throw;
            }
        }

        return new EmptyResult();
    }

    // A function key may come as ?code=. That parameter is the host's: it has checked it, and no path of the gateway knows it.
    private static QueryString WithoutKey(QueryString query) => query.Value is { Length: > 1 } text
        ? new QueryString(string.Join('&', text[1..].Split('&').Where(IsNoKey)) is { Length: > 0 } rest ? $"?{rest}" : "")
        : query;

    private static bool IsNoKey(string part) => !part.Split('=')[0].Equals("code", StringComparison.OrdinalIgnoreCase);

    /// <summary>A part of the path.</summary>
    protected static string Part(HttpRequest request, string name) => (string)request.RouteValues[name]!;
}

/// <summary>The gateway's paths as every host maps them, for functions that take many.</summary>
internal sealed class HttpSurface(IServiceProvider services)
{
    private readonly RequestDelegate _paths = Map(services);

    /// <summary>Answers a request by its path.</summary>
    public Task HandleAsync(HttpContext context)
    {
        // The worker has routed the request to its function; what it found would keep it from being routed on.
        context.SetEndpoint(null);
        context.Request.RouteValues = [];
        return _paths(context);
    }

    private static RequestDelegate Map(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseClientPaths();
        app.UseRouting();
        app.UseEndpoints(paths =>
        {
            paths.MapFuncLimiter();
            paths.MapJobs();
        });
        return app.Build();
    }
}
