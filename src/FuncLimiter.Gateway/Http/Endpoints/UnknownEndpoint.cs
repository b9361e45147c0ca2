using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Answers what no other endpoint takes, in the caller's dialect: 405 for a known path, 404 otherwise.</summary>
public static class UnknownEndpoint
{
    private const int MaxShown = 100;

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request and its response.</param>
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
