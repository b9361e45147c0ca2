using System.Net;
using System.Net.Sockets;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A provider that can't be found or reached, falls silent, sends without end or by the drop, harms its own calls alone.</summary>
public sealed class UpstreamFaultTests
{
    private const int Chunk = 64 * 1024;
    private const long Gigabyte = 1L << 30;
    private static readonly string Smart = Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Name_ThatNobodyKnows_IsToldOfItsAccount_AndAnotherServesTheCall()
    {
        await using var gateway = await StartAsync(new Uri("http://no-such-provider.invalid"));

        using var served = await gateway.PostAsync("/v1/chat/completions", Smart).WaitAsync(Longest);
        using var alone = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.Equal("openai-2/gpt-y", served.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.InRange((int)alone.StatusCode, 502, 504);
        Assert.Contains("\"error\"", await alone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_ThatIsNeverMade_EndsAtItsBound_AndAnotherServesTheCall()
    {
        using var listener = new Unreachable();
        await using var gateway = await StartAsync(listener.Address);

        using var served = await gateway.PostAsync("/v1/chat/completions", Smart).WaitAsync(Longest);
        using var alone = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.InRange((int)alone.StatusCode, 502, 504);
    }

    /// <summary>What is left of a connection whose other end is gone without a word.</summary>
    [Fact]
    public async Task Connection_ThatIsHalfOpen_EndsAtItsBound_AndAnotherServesTheCall()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var gateway = await StartAsync(new Uri($"http://{listener.LocalEndpoint}"));

        using var served = await gateway.PostAsync("/v1/chat/completions", Smart).WaitAsync(Longest);
        using var alone = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.InRange((int)alone.StatusCode, 502, 504);
    }

    [Fact]
    public async Task Answer_OfAGigabyte_PassesThroughAndIsNotHeld()
    {
        await using var gateway = await TestGateway.StartAsync();
        var piece = new byte[Chunk];
        piece.AsSpan().Fill((byte)' ');
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = "application/json";
            for (var sent = 0L; sent < Gigabyte; sent += Chunk)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        };
        var before = GC.GetTotalMemory(forceFullCollection: true);

        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var (total, most, read) = (0L, 0L, 0);
        var buffer = new byte[Chunk];
        while ((read = await body.ReadAsync(buffer).AsTask().WaitAsync(Longest)) > 0)
        {
            if (total / (128 * Chunk) != (total + read) / (128 * Chunk))
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);
            }

            total += read;
        }

        Assert.Equal(Gigabyte, total);
        Assert.InRange(most, long.MinValue, Gigabyte / 2);
    }

    [Fact]
    public async Task Answer_ThatComesByTheDrop_IsPassedOnByTheDrop_AndHoldsNobodyUp()
    {
        await using var gateway = await TestGateway.StartAsync();
        var next = new SemaphoreSlim(0);
        gateway.Provider.Answer = async (context, asked) =>
        {
            if (asked.Text.Contains("Wait", StringComparison.Ordinal))
            {
                await FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer);
                return;
            }

            context.Response.ContentType = "text/event-stream";
            foreach (var letter in "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n")
            {
                await next.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync(letter.ToString(), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        };

        var slow = gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        for (var other = 0; other < 5; other++)
        {
            next.Release();
            using var quick = await gateway.PostAsync("/v1/chat/completions", Samples.Chat.Replace("Hi", "Wait", StringComparison.Ordinal)).WaitAsync(Longest);
            Assert.Equal(HttpStatusCode.OK, quick.StatusCode);
        }

        next.Release(200);
        using var answer = await slow.WaitAsync(Longest);
        var text = await answer.Content.ReadAsStringAsync().WaitAsync(Longest);

        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        Assert.Contains("\"content\":\"Hi\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_ThatLeavesAnEndlessAnswer_EndsItAtTheProvider()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"more\"}}]}\n\n", context.RequestAborted);
            }
        };

        using (var answer = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream).WaitAsync(Longest))
        {
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[Chunk]).AsTask().WaitAsync(Longest);
        }

        Assert.True(await gateway.Provider.Aborted.WaitAsync(Longest));
    }

    /// <summary>The first account is elsewhere; the second is the provider that answers.</summary>
    private static async Task<TestGateway> StartAsync(Uri elsewhere)
    {
        var gateway = await TestGateway.StartAsync(
            provider => Samples.Open(provider) is var open ? open with { Accounts = [open.Accounts[0] with { Endpoint = elsewhere }, .. open.Accounts.Skip(1)] } : null!,
            new() { ConnectTimeout = TimeSpan.FromSeconds(1), FirstByteTimeout = TimeSpan.FromSeconds(1), MaxAttempts = 2 });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return gateway;
    }

    /// <summary>A port whose queue of connections is full: who connects hears nothing.</summary>
    private sealed class Unreachable : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _waiting = [];

        public Unreachable()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1);
            for (var i = 0; i < 8; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _waiting.Add(socket);
                try
                {
                    socket.Connect(_listener.LocalEndPoint!);
                }
                catch (SocketException)
                {
                    // Under way, or never to be made.
                }
            }
        }

        public Uri Address => new($"http://{_listener.LocalEndPoint}");

        public void Dispose()
        {
            _waiting.ForEach(socket => socket.Dispose());
            _listener.Dispose();
        }
    }
}
