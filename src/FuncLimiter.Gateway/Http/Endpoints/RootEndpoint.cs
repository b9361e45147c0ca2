using System.Text;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Jobs;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>GET /</c>: what this is and where to go on, as a page for browsers and as JSON for everybody else.</summary>
internal static class RootEndpoint
{
    private const string What = "FuncLimiter lets every call to a language model out at the moment when the provider will accept it.";
    private const string How = "Send calls here as to the provider: change only the base URL.";

    private static readonly (string Path, string What)[] Links =
    [
        (EndpointPaths.Dashboard, "budgets, queues, costs and alerts, live"),
        (EndpointPaths.Status, "the same once, as JSON"),
        (EndpointPaths.Metrics, "for Prometheus"),
        (EndpointPaths.Usage, "what calls used and cost"),
        (EndpointPaths.Models, "what may be asked for"),
        (EndpointPaths.OpenApi, "what every path takes and answers"),
        (EndpointPaths.Ready, "whether it takes calls"),
    ];

    private static readonly byte[] Page = Encoding.UTF8.GetBytes($"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>FuncLimiter</title></head>
        <body><main>
        <h1>FuncLimiter</h1>
        <p>{What} {How}</p>
        <ul>
        {string.Join('\n', Links.Select(link => $"<li><a href=\"{link.Path}\">{link.Path}</a>: {link.What}</li>"))}
        </ul>
        </main></body>
        </html>

        """);

    /// <summary>Answers a request.</summary>
    public static Task HandleAsync(HttpContext context)
    {
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.ContentLength = Page.Length;
            return context.Response.Body.WriteAsync(Page, context.RequestAborted).AsTask();
        }

        return JsonResponse.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("name"u8, "FuncLimiter"u8);
            json.WriteString("what"u8, $"{What} {How}");
            json.WriteString("dashboard"u8, EndpointPaths.Dashboard);
            json.WriteString("status"u8, EndpointPaths.Status);
            json.WriteString("metrics"u8, EndpointPaths.Metrics);
            json.WriteString("usage"u8, EndpointPaths.Usage);
            json.WriteString("ready"u8, EndpointPaths.Ready);
            json.WriteString("openapi"u8, EndpointPaths.OpenApi);
            json.WriteTexts("calls"u8, [EndpointPaths.ChatCompletions, EndpointPaths.Responses, EndpointPaths.Embeddings, EndpointPaths.Messages, EndpointPaths.AzureChatCompletions, EndpointPaths.Models]);
            json.WriteString("jobs"u8, JobPaths.Jobs);
            json.WriteString("reservations"u8, EndpointPaths.Reservations);
            json.WriteEndObject();
        });
    }
}
