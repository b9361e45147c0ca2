using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Every other path of a provider's API: passes it on as it is, under the account's key, queued and paced like any call.</summary>
internal sealed class PassedEndpoint(
    Authenticator authenticator, CallServices services, CallPipeline pipeline, LiveCalls calls, SocketEndpoint sockets, ModelsEndpoint models)
{
    /// <summary>How much of a body is held that may be too large for that.</summary>
    private const int KeptBytes = 1024 * 1024;


    /// <summary>Answers a request; one of no provider's API is answered as unknown.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (SocketEndpoint.IsAsked(context))
        {
            await sockets.HandleAsync(context);
            return;
        }

        if ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            && PassedPaths.IsModels(context.Request.Path.ToUriComponent(), out var named))
        {
            QueryKey.Take(context.Request);
            await models.HandleAsync(context, named);
            return;
        }

        var dialect = RequestDialect.Of(context.Request);
        if (IsServed(context.Request.Path.Value ?? string.Empty)
            || PassedPaths.Find(context.Request.Method, context.Request.Path.ToUriComponent(), dialect == Dialect.Anthropic) is not { } path)
        {
            await UnknownEndpoint.HandleAsync(context);
            return;
        }

        if (path.Api == ProviderApi.Gemini)
        {
            QueryKey.Take(context.Request);
        }

        var headers = context.Request.Headers;
        if (authenticator.Authenticate(headers, KeyUse.Calls, out var error) is not { } tenant
            || CallerReader.Read(headers, tenant, out error) is not { } caller
            || !IdempotencyKeys.TryRead(headers, out var key, out error))
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        (var held, error) = await ReadBodyAsync(context, path, tenant.Tenant);
        using var body = held;
        if (body is null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        if (!PassedBody.TryRead(path, body.Held.Span, context.Request.ContentType, out var facts, out var model, out var problem))
        {
            error = new GatewayError(problem!.Status, problem.Code, problem.Message) { Parameter = problem.Param };
            await JsonResponse.WriteErrorAsync(context, dialect, error);
            return;
        }

        var call = calls.Read(context, dialect, facts, body.Upload is null ? body.Held : default, caller, key) with
        {
            Passed = new PassedCall(context.Request.Method, path, model) { Upload = body.Upload },
        };
        var (placed, fault) = await PassedPlace.FindAsync(services, context, call);
        CallWays? ways = null;
        if (placed is null || !pipeline.TryFindWays(placed, out ways, out fault))
        {
            await JsonResponse.WriteErrorAsync(context, dialect, fault!);
            return;
        }

        body.IsLent = await calls.RunAsync(context, placed, ways, TakesComments(placed));
    }

    // Below the models stand Google's calls of them.
    private static bool IsServed(string path) =>
        EndpointPaths.Method(path) is not null && !path.StartsWith($"{EndpointPaths.Models}/", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a call's answer is a stream of events whose clients pass comments over: those of OpenAI's and Anthropic's APIs do, Google's own
    /// take every line for JSON.
    /// </summary>
    private static bool TakesComments(CallEnvelope call) => call is
    {
        Facts.Stream: true,
        Passed.Path: { Generates: true, Streams: false, Api: ProviderApi.OpenAI or ProviderApi.Azure or ProviderApi.Anthropic or ProviderApi.Vertex },
    };

    private async ValueTask<(HeldBody? Body, GatewayError? Error)> ReadBodyAsync(HttpContext context, PassedPath path, string tenant)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return (new HeldBody(null, null), null);
        }

        if (!path.Uploads || request.HasJsonContentType())
        {
            var (whole, error) = await RequestBody.ReadAsync(context, services.Options.MaxRequestBytes, tenant);
            return (whole is null ? null : new HeldBody(whole, null), error);
        }

        var most = services.Options.MaxUploadBytes;
        return request.ContentLength > most
            ? (null, RequestBody.TooLarge(context, most))
            : (new HeldBody(null, await UploadBody.ReadAsync(request, KeptBytes, most, context.RequestAborted)), null);
    }

    /// <summary>A body in one of its two forms.</summary>
    private sealed class HeldBody(RequestBody? whole, UploadBody? upload) : IDisposable
    {
        public ReadOnlyMemory<byte> Held => whole?.Bytes ?? upload?.Head ?? default;

        public UploadBody? Upload => upload;

        /// <summary>Whether a connection may still be reading it: then its buffer is not given back.</summary>
        public bool IsLent { get; set; }

        public void Dispose()
        {
            if (!IsLent)
            {
                whole?.Dispose();
            }
        }
    }
}

/// <summary>Google's clients may send their key in the query: it is read where other keys are, and goes no further.</summary>
internal static class QueryKey
{
    private const string Header = "x-goog-api-key";

    /// <summary>Takes the key out of the query.</summary>
    public static void Take(HttpRequest request)
    {
        if (request.QueryString.Value is not { Length: > 1 } query || !request.Query.TryGetValue("key", out var key))
        {
            return;
        }

        if (string.IsNullOrEmpty(request.Headers[Header]))
        {
            request.Headers[Header] = key;
        }

        var rest = string.Join('&', query[1..].Split('&').Where(static part => !part.Split('=')[0].Equals("key", StringComparison.OrdinalIgnoreCase)));
        request.QueryString = new QueryString(rest.Length == 0 ? "" : $"?{rest}");
    }
}
