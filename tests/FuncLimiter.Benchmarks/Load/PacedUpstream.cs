using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>A provider that streams by the clock, each chunk with the time at which it was sent; what is not streamed takes a tenth of a second.</summary>
internal sealed class PacedUpstream : IAsyncDisposable
{
    /// <summary>How often each stream has a chunk.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Answer = TimeSpan.FromMilliseconds(100);

    private static int s_streams;

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
        if (!asked.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            if (!asked.Contains("at once", StringComparison.Ordinal))
            {
                await Task.Delay(Answer, context.RequestAborted);
            }

            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"id":"c","object":"chat.completion","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""");
            return;
        }

        // Streams of a provider are not in step: each has its own place within the time between two chunks.
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(Interlocked.Increment(ref s_streams) % Every.TotalMilliseconds), context.RequestAborted);
        using var timer = new PeriodicTimer(Every);
        while (await timer.WaitForNextTickAsync(context.RequestAborted))
        {
            var sent = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);
            await context.Response.WriteAsync($$$"""data: {"id":"c","object":"chat.completion.chunk","model":"gpt-x","choices":[{"index":0,"delta":{"content":"@{{{sent}}}@"},"finish_reason":null}]}{{{"\n\n"}}}""");
            await context.Response.Body.FlushAsync();
        }
    }
}
