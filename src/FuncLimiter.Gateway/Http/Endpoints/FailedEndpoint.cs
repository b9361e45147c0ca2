using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>
/// Answers a request that failed on its way through FuncLimiter: in the caller's dialect, with whose fault it was, or with a cut where the
/// answer has begun.
/// </summary>
internal static class FailedEndpoint
{
    private static readonly GatewayError Failed = new(500, "internal_error", "FuncLimiter failed to handle the request; its log says why.") { ShouldRetry = true };

    /// <summary>A handler whose failures are logged and answered; a caller who left is let go.</summary>
    public static RequestDelegate Guard(RequestDelegate handle) => async context =>
    {
        try
        {
            await handle(context);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested)
        {
            await HandleAsync(context, failure);
        }
    };

    /// <summary>Answers the request, and logs what is a fault of FuncLimiter's own.</summary>
    public static Task HandleAsync(HttpContext context, Exception failure)
    {
        var error = ErrorOf(failure);
        if (error.Status == Failed.Status)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(FailedEndpoint))
                .LogError(failure, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
        }

        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        return JsonResponse.WriteErrorAsync(context, RequestDialect.Of(context.Request), error);
    }

    /// <summary>Whether a failure is a fault of FuncLimiter's own.</summary>
    public static bool IsOurs(Exception failure) => ErrorOf(failure).Status == Failed.Status;

    // What the server can't read of a request is the sender's: a chunk without a size, a body that is cut short, one that comes too slowly.
    private static GatewayError ErrorOf(Exception failure) => failure switch
    {
        BadHttpRequestException bad => new(bad.StatusCode, "malformed_request", $"The request can't be read: {bad.Message}"),
        StorageUnavailableException storage => StorageUnavailableException.Error(storage.Message),
        RefusedException refused => refused.Error,
        _ => Failed,
    };
}

/// <summary>Answers what no other endpoint takes, in the caller's dialect: 405 for a known path, 404 otherwise.</summary>
internal static class UnknownEndpoint
{
    private const int MaxShown = 100;

    /// <summary>Answers a request.</summary>
    public static Task HandleAsync(HttpContext context)
    {
        var dialect = RequestDialect.Of(context.Request);
        var path = context.Request.Path.Value ?? string.Empty;
        var shown = path.Length > MaxShown ? path[..MaxShown] : path;
        if (EndpointPaths.Method(path) is { } method)
        {
            context.Response.Headers.Allow = method;
            return JsonResponse.WriteErrorAsync(context, dialect, new GatewayError(405, "method_not_allowed",
                $"{context.Request.Method} {shown} is not served; use {method}."));
        }

        return JsonResponse.WriteErrorAsync(context, dialect, new GatewayError(404, "unknown_url",
            $"{context.Request.Method} {shown} is not served. FuncLimiter serves chat completions, responses, embeddings, messages and models, and passes on other paths of providers' APIs, "
            + "but for those that administer an account."));
    }
}
