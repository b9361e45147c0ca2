using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Answers a request that failed in FuncLimiter itself: 500 in the caller's dialect, or a cut where the answer has begun.</summary>
public static class FailedEndpoint
{
    private static readonly GatewayError Failed = new(500, "internal_error", "FuncLimiter failed to handle the request; its log says why.") { ShouldRetry = true };

    /// <summary>A handler whose failures are logged and answered; what the server answers by itself, or a caller left, is let through.</summary>
    /// <param name="handle">The handler.</param>
    public static RequestDelegate Guard(RequestDelegate handle) => async context =>
    {
        try
        {
            await handle(context);
        }
        catch (Exception failure) when (failure is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(FailedEndpoint))
                .LogError(failure, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
            await HandleAsync(context);
        }
    };

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
