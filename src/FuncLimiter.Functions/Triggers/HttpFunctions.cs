using FuncLimiter.Functions.Leasing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>What all HTTP functions have in common: the gateway's own handlers write the response, chunk by chunk where they stream.</summary>
internal abstract class HttpFunctions(DurableClientSource clients)
{
    /// <summary>Waits until the response is written; the worker has nothing to add.</summary>
    protected async Task<IActionResult> AnswerAsync(DurableTaskClient client, Task answer)
    {
        clients.Use(client);
        await answer;
        return new EmptyResult();
    }

    /// <summary>A part of the path.</summary>
    protected static string Part(HttpRequest request, string name) => (string)request.RouteValues[name]!;
}
