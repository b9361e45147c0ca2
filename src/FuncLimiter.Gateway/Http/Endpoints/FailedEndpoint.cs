using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Answers a request that failed in FuncLimiter itself: 500 in the caller's dialect, or a cut where the answer has begun.</summary>
public static class FailedEndpoint
{
    private static readonly GatewayError Failed = new(500, "internal_error", "FuncLimiter failed to handle the request; its log says why.") { ShouldRetry = true };

    /// <summary>Answers the request.</summary>
    /// <param name="context">The request and its response.</param>
    public static Task HandleAsync(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        return JsonResponse.WriteErrorAsync(context, RequestDialect.Of(context.Request), Failed);
    }
}
