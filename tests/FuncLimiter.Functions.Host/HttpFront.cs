using System.Net;
using System.Text.Json;
using FuncLimiter.Functions.Host.Protocol;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace FuncLimiter.Functions.Host;

/// <summary>
/// The app's HTTP functions. Each request goes on to the worker's own server, with an invocation beside it. As in the Functions host a
/// request is for the first function, by name, whose route and methods take it; and a function that asks for a key answers 401 without.
/// </summary>
/// <param name="worker">The worker.</param>
/// <param name="key">The key that opens every function.</param>
internal sealed class HttpFront(WorkerProcess worker, string key)
{
    private static readonly ForwarderRequestConfig Patient = new() { ActivityTimeout = TimeSpan.FromMinutes(10) };
    private static readonly Transformer Invocations = new();
    private static readonly HttpMessageInvoker Client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
    });

    /// <summary>Listens on loopback.</summary>
    /// <param name="port">The port; 0 takes a free one.</param>
    /// <param name="prefix">What every route begins with.</param>
    public async Task<WebApplication> StartAsync(int port, string prefix)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Yarp", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = 210_000_000;
        });
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<RouteOptions>(options => options.SetParameterPolicy<RegexInlineRouteConstraint>("regex"));
        var app = builder.Build();
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.MapPost("/admin/functions/{name}", InvokeAsync).WithOrder(-1);
        app.MapGet("/admin/invocations", () => worker.Invocations).WithOrder(-1);
        var order = 0;
        foreach (var function in worker.Functions.Values.Where(function => function.IsStartedBy("httpTrigger")).OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase))
        {
            var methods = function.Trigger["methods"]?.AsArray().Select(method => (string)method!) ?? ["get", "post", "put", "delete", "patch", "head", "options"];
            app.MapMethods(prefix + (function.Property("route") ?? function.Name), methods, context => AnswerAsync(context, function, forwarder)).WithOrder(order++);
        }

        await app.StartAsync();
        return app;
    }

    private async Task AnswerAsync(HttpContext context, WorkerFunction function, IHttpForwarder forwarder)
    {
        if ("function".Equals(function.Property("authLevel"), StringComparison.OrdinalIgnoreCase) && !HasKey(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        // A call that comes while the worker starts again is not kept for it.
        if (!worker.IsReady)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        using var failed = new CancellationTokenSource();
        try
        {
            var address = await worker.HttpAddress;
            var request = context.Request;
            var (id, answer) = worker.Begin(
                function.Name, new Value { Http = new HttpValue { Method = request.Method, Url = $"http://{request.Host}{request.Path}{request.QueryString}" } },
                Metadata(request), context.RequestAborted);
            context.Items[Transformer.InvocationId] = id;
            var forwarding = forwarder.SendAsync(context, address.AbsoluteUri, Client, Patient, Invocations, failed.Token).AsTask();
            if (await Task.WhenAny(forwarding, answer) == answer && (answer.IsFaulted || (await answer).Result.Status != Outcome.Types.Status.Success) && !context.Response.HasStarted)
            {
                await failed.CancelAsync();
            }

            await forwarding;
            WorkerProcess.Check((await answer).Result);
        }
        catch (Exception failure) when (failure is WorkerFailedException or WorkerProcessExitException)
        {
            Log.Write($"{function.Name} failed: {failure.Message}");
        }

        if (failed.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private async Task<IResult> InvokeAsync(string name, HttpRequest request)
    {
        if (!HasKey(request))
        {
            return Results.Unauthorized();
        }

        if (!worker.Functions.TryGetValue(name, out var function))
        {
            return Results.NotFound();
        }

        await worker.HttpAddress;
        var input = function.IsStartedBy(Timers.Trigger) ? Timers.Occurrence : new Value { String = "" };
        var outcome = (await worker.Begin(name, input, new Dictionary<string, string>(), request.HttpContext.RequestAborted).Answer).Result;
        return outcome.Status == Outcome.Types.Status.Success ? Results.Accepted() : Results.Problem(outcome.Exception?.Message);
    }

    private bool HasKey(HttpRequest request) => request.Query["code"] == key || request.Headers["x-functions-key"] == key;

    private static Dictionary<string, string> Metadata(HttpRequest request)
    {
        var metadata = request.RouteValues.Where(part => part.Value is not null).ToDictionary(part => part.Key, part => part.Value!.ToString()!);
        metadata["Query"] = JsonSerializer.Serialize(request.Query.ToDictionary(part => part.Key, part => part.Value.ToString()));
        metadata["Headers"] = JsonSerializer.Serialize(request.Headers.ToDictionary(part => part.Key, part => part.Value.ToString()));
        return metadata;
    }

    private sealed class Transformer : HttpTransformer
    {
        public const string InvocationId = "x-ms-invocation-id";

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.TryAddWithoutValidation(InvocationId, (string)httpContext.Items[InvocationId]!);
            proxyRequest.Headers.Host = httpContext.Request.Host.ToString();
        }
    }
}
