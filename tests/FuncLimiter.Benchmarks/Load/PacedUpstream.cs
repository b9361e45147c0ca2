using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>A provider whose answers take a tenth of a second, or come at once where they are asked for like that.</summary>
internal sealed class PacedUpstream : IAsyncDisposable
{
    private static readonly TimeSpan Answer = TimeSpan.FromMilliseconds(100);

    private readonly WebApplication _app;

    private PacedUpstream(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<PacedUpstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var upstream = new PacedUpstream(builder.Build());
        upstream._app.Run(AnswerAsync);
        await upstream._app.StartAsync();
        return upstream;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var asked = await body.ReadToEndAsync();
        if (!asked.Contains("at once", StringComparison.Ordinal))
        {
            await Task.Delay(Answer, context.RequestAborted);
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("""{"id":"c","object":"chat.completion","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""");
    }
}
