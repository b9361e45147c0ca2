using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>A provider on loopback that answers as a test scripts it, and keeps what it was asked.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Asked> _asked = new();

    private FakeProvider(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<Asked> Requests => [.. _asked];

    /// <summary>How to answer; the request's body has been read.</summary>
    public Func<HttpContext, Asked, Task> Answer { get; set; } = (context, _) => context.Response.WriteAsync("{}");

    /// <summary>Completes each time the connection of a request under way is gone.</summary>
    public SemaphoreSlim Aborted { get; } = new(0);

    public static async Task<FakeProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var provider = new FakeProvider(builder.Build());
        provider._app.UseWebSockets();
        provider._app.Run(provider.HandleAsync);
        await provider._app.StartAsync();
        var server = provider._app.Services.GetRequiredService<IServer>();
        provider.Address = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Answers every request with the same whole body.</summary>
    public void AnswerWith(int status, string body, params (string Name, string Value)[] headers) => Answer = (context, _) =>
        WriteAsync(context, status, body, headers);

    /// <summary>Answers the requests one after the other; the last answer repeats.</summary>
    public void AnswerInTurn(params Func<HttpContext, Task>[] answers)
    {
        var turn = -1;
        Answer = (context, _) => answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)](context);
    }

    public static Task WriteAsync(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.WriteAsync(body);
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new Asked(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.QueryString.Value!,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        _asked.Enqueue(request);
        context.RequestAborted.Register(() => Aborted.Release());
        await Answer(context, request);
    }
}

/// <summary>One request that reached a provider.</summary>
internal sealed record Asked(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);
}
