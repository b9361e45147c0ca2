using System.Net.WebSockets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Sockets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>
/// Realtime and Responses as WebSockets (developers.openai.com: Realtime, WebSocket mode): a connection is admitted before it is made, as one
/// request and one place among concurrent calls; every answer on it is admitted and settled by itself.
/// </summary>
internal sealed class SocketEndpoint(
    Authenticator authenticator, CallServices services, CallPipeline pipeline, LiveCalls calls, Stopping stopping, HeldBytes held)
{
    private const string Handshake = "Sec-WebSocket-";

    private static readonly string[] ModelParameters = ["model", "deployment"];

    private static readonly GatewayError NotHere = new(501, "websockets_not_served",
        "This FuncLimiter runs where no WebSockets are taken (Azure Functions, or a limit of less than 1,024 open files). Run its embedded server for them, for example in a container on Azure Container Apps. POST /v1/responses with \"stream\": true is served here.");

    /// <summary>Whether a request asks for a WebSocket, whether or not this host can make one.</summary>
    public static bool IsAsked(HttpContext context) => context.WebSockets.IsWebSocketRequest
        || (HttpMethods.IsGet(context.Request.Method)
            && (context.Request.Headers.ContainsKey($"{Handshake}Key") || context.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Answers a request for a WebSocket; one to a path that has none is answered as unknown.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var dialect = RequestDialect.Of(context.Request);
        if (PassedPaths.FindSocket(context.Request.Path.ToUriComponent()) is not { } path)
        {
            await UnknownEndpoint.HandleAsync(context);
            return;
        }

        var protocols = Protocols(context.Request);
        if (authenticator.Authenticate(context.Request.Headers, KeyUse.Calls, out var error) is not { } tenant
            || CallerReader.Read(context.Request.Headers, tenant, out error) is not { } caller
            || (error = context.WebSockets.IsWebSocketRequest ? null : NotHere) is not null)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, error!);
            return;
        }

        var (placed, fault) = await PassedPlace.FindAsync(services, context, Read(context, dialect, path, caller));
        CallWays? ways = null;
        if (placed is null || !pipeline.TryFindWays(placed, out ways, out fault))
        {
            await JsonResponse.WriteErrorAsync(context, dialect, fault!);
            return;
        }

        var runner = new SocketRunner(services, new SocketCaller(protocols, protocol => AcceptAsync(context, protocol), pipeline, RoomOf(caller.Tenant), stopping.Begun));
        await calls.RunAsync(context, placed, ways, runner: runner);
    }

    private CallEnvelope Read(HttpContext context, Dialect dialect, PassedPath path, Caller caller)
    {
        var query = context.Request.QueryString.Value ?? string.Empty;
        var named = ModelParameters.FirstOrDefault(name => !string.IsNullOrEmpty(context.Request.Query[name]));
        var model = named is null ? string.Empty : context.Request.Query[named].ToString();
        if (named is not null)
        {
            var rest = string.Join('&', query[1..].Split('&').Where(part => !part.Split('=')[0].Equals(named, StringComparison.OrdinalIgnoreCase)));
            query = rest.Length == 0 ? "" : $"?{rest}";
        }

        var call = calls.Read(context, dialect, new RequestFacts(Operation.Other, model, 0, 0, Stream: false, null, 1, 0, 0), default, caller);
        return call with
        {
            Query = query,
            Headers = [.. call.Headers.Where(static header => !header.Key.StartsWith(Handshake, StringComparison.OrdinalIgnoreCase))],
            Passed = new PassedCall(HttpMethods.Get, path, default) { ModelInQuery = named },
        };
    }

    /// <summary>
    /// The subprotocols that are passed on. Browsers can set no headers, and OpenAI's clients send their key among these: it is read where other
    /// keys are, and goes no further.
    /// </summary>
    private static string[] Protocols(HttpRequest request)
    {
        const string key = "openai-insecure-api-key.";
        var offered = request.Headers.SecWebSocketProtocol.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (Array.Find(offered, protocol => protocol.StartsWith(key, StringComparison.Ordinal)) is { } carried && string.IsNullOrEmpty(request.Headers.Authorization))
        {
            request.Headers.Authorization = $"Bearer {carried[key.Length..]}";
        }

        return [.. offered.Where(static protocol => !protocol.StartsWith("openai-", StringComparison.Ordinal) || protocol.StartsWith("openai-beta.", StringComparison.Ordinal))];
    }

    private SocketRoom RoomOf(string tenant) => new(bytes => held.TryTake(tenant, bytes), bytes => held.Release(tenant, bytes));

    private Task<WebSocket> AcceptAsync(HttpContext context, string? protocol)
    {
        var keepAlive = services.Options.SocketKeepAlive;
        return context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = protocol, KeepAliveInterval = keepAlive, KeepAliveTimeout = keepAlive });
    }
}
