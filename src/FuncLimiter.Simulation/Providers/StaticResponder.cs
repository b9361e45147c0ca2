using FuncLimiter.Simulation.Providers.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers;

/// <summary>Answers everything at once with the same small chat completion, without limits: the upstream of benchmarks.</summary>
public sealed class StaticResponder : IAsyncDisposable
{
    private static readonly ReadOnlyMemory<byte> Answer = """
        {"id":"chatcmpl-static","object":"chat.completion","created":1700000000,"model":"gpt-x",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}
        """u8.ToArray();

    private readonly LoopbackServer _server;

    private StaticResponder(LoopbackServer server) => _server = server;

    /// <summary>Where it listens.</summary>
    public Uri BaseAddress => _server.BaseAddress;

    /// <summary>Starts one on a loopback port; 0 takes a free one.</summary>
    public static async Task<StaticResponder> StartAsync(int port = 0, CancellationToken cancellationToken = default) =>
        new(await LoopbackServer.StartAsync(port, AnswerAsync, cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Answer.Length;
        return context.Response.Body.WriteAsync(Answer, context.RequestAborted).AsTask();
    }
}
