using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.IndependentProvider;

/// <summary>A <see cref="IndependentProvider.Provider"/> over HTTP on loopback. Other processes read it at <c>GET /__truth</c>, and steer it by <c>POST /__trouble</c>.</summary>
public sealed class ProviderServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ProviderServer(WebApplication app, Provider provider) => (_app, Provider) = (app, provider);

    public Provider Provider { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<ProviderServer> StartAsync(Settings settings, TimeProvider? time = null)
    {
        var provider = new Provider(settings, time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, settings.Port);
            kestrel.Limits.MaxRequestBodySize = 32 * 1024 * 1024;
        });
        var app = builder.Build();
        app.MapGet("/__truth", () => Results.Json(provider.Tell(), Settings.Json));
        app.MapPost("/__trouble", async (HttpContext context) =>
        {
            provider.Begin((await JsonSerializer.DeserializeAsync<Trouble>(context.Request.Body, Settings.Json))!);
            return Results.NoContent();
        });
        app.MapFallback("{**path}", context => ServeAsync(context, provider));
        await app.StartAsync();
        return new ProviderServer(app, provider);
    }

    public Task WaitAsync() => _app.WaitForShutdownAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task ServeAsync(HttpContext context, Provider provider)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var request = new Request(
            context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "",
            name => context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, body.ToArray());
        try
        {
            using var answer = await provider.AskAsync(request, context.RequestAborted);
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.ContentType;
            foreach (var (name, value) in answer.Headers)
            {
                context.Response.Headers.Append(name, value);
            }

            await foreach (var part in answer.Body)
            {
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(part), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away: what was generated until then stays charged.
        }
    }
}
