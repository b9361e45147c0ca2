using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>/health/live</c> and <c>/health/ready</c>, for whoever starts, stops and balances.</summary>
public sealed class HealthEndpoint
{
    private readonly Stopping _stopping;

    internal HealthEndpoint(Stopping stopping) => _stopping = stopping;

    /// <summary>The process answers.</summary>
    public static Task LiveAsync(HttpContext context) => WriteAsync(context, 200, "live");

    /// <summary>The process takes calls.</summary>
    public Task ReadyAsync(HttpContext context) => _stopping.Begun.IsCancellationRequested ? WriteAsync(context, 503, "draining") : WriteAsync(context, 200, "ready");

    private static Task WriteAsync(HttpContext context, int status, string word) =>
        JsonResponse.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, word);
            json.WriteEndObject();
        });
}
