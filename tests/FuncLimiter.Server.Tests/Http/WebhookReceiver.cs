using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>One delivery as it came.</summary>
internal sealed record Received(string Id, string Timestamp, string Signature, byte[] Body);

/// <summary>Takes webhooks on loopback, and answers as it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>Where to.</summary>
    public string Address => $"{_app.Urls.Single()}/hook";

    /// <summary>What came so far.</summary>
    public IReadOnlyList<Received> All => [.. _received];

    /// <summary>The statuses to answer with, one after the other; the last one repeats.</summary>
    public int[] Answers { get; set; } = [204];

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new WebhookReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Waits until so many have come.</summary>
    public async Task<IReadOnlyList<Received>> UntilAsync(int count)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(180);
        while (_received.Count < count)
        {
            Assert.True(DateTime.UtcNow < end, $"{_received.Count} of {count} deliveries came.");
            await Task.Delay(20);
        }

        return All;
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        _received.Enqueue(new Received(headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, body.ToArray()));
        context.Response.StatusCode = Answers[Math.Min(_received.Count, Answers.Length) - 1];
    }
}
