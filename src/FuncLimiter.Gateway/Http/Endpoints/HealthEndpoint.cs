using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>/health/live</c> and <c>/health/ready</c>, for whoever starts, stops and balances.</summary>
public sealed class HealthEndpoint
{
    private volatile bool _isDraining;

    /// <summary>From now on not ready: what runs is ended, nothing new should come.</summary>
    public void Drain() => _isDraining = true;

    /// <summary>The process answers.</summary>
    public static Task LiveAsync(HttpContext context) => WriteAsync(context, 200, "live");

    /// <summary>The process takes calls.</summary>
    public Task ReadyAsync(HttpContext context) => _isDraining ? WriteAsync(context, 503, "draining") : WriteAsync(context, 200, "ready");

    private static Task WriteAsync(HttpContext context, int status, string word) =>
        JsonResponse.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, word);
            json.WriteEndObject();
        });
}
