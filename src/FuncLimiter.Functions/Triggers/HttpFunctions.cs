using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Http.Endpoints;
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
