using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FuncLimiter.Gateway.Calls.Upstream;
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

    /// <summary>Where a name has several addresses, one that is silent takes nothing of the others' time.</summary>
    [Fact]
    public async Task Address_ThatIsSilent_GivesWayToTheNextOne()
    {
        using var silent = new Unreachable(IPAddress.Parse("127.0.0.2"));
        using var alive = new OneAnswer(new(IPAddress.Loopback, silent.Address.Port));
        await using var gateway = await StartAsync(
            new Uri($"http://two.example:{silent.Address.Port}"), TimeSpan.FromSeconds(20), _ => [IPAddress.Parse("127.0.0.2"), IPAddress.Loopback]);

        using var answer = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("openai-1/gpt-x", answer.Headers.GetValues("X-FuncLimiter-Deployment").Single());
    }

    [Fact]
    public async Task Name_WhoseAddressDiesAndIsAnotherOne_ServesTheNextCall()
    {
        var (first, second) = (IPAddress.Parse("127.0.0.2"), IPAddress.Loopback);
        using var dying = new OneAnswer(new(first, 0));
        using var alive = new OneAnswer(new(second, dying.Port));
        var address = first;
        await using var gateway = await StartAsync(new Uri($"http://moving.example:{dying.Port}"), TimeSpan.FromSeconds(20), _ => [Volatile.Read(ref address)]);

        using var before = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);
        Volatile.Write(ref address, second);
        dying.Dispose();
        await dying.Closed.WaitAsync(Longest);
        using var after = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
    }

    [Theory]
    [InlineData("localhost", 1, "its certificate is not trusted")]
    [InlineData("localhost", -1, "its certificate is over, or not valid yet")]
    [InlineData("elsewhere.example", 1, "its certificate is that of another name")]
    public async Task Certificate_ThatDoesNotHold_IsToldWithItsReason_AndAnotherServesTheCall(string name, int days, string why)
    {
        using var certificate = Certificate(name, days);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = ShakeHandsAsync(listener, certificate, SslApplicationProtocol.Http11);
        await using var gateway = await StartAsync(new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), TimeSpan.FromSeconds(30));

        using var served = await gateway.PostAsync("/v1/chat/completions", Smart).WaitAsync(Longest);
        using var alone = await gateway.PostAsync("/v1/chat/completions", Samples.Chat).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.Equal(HttpStatusCode.BadGateway, alone.StatusCode);
        Assert.Contains(why, await alone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Over HTTP/2 a connection outlives its calls, and so does one whose other end does nothing any more.</summary>
    [Fact]
    public async Task Connection_OfHttp2_ThatAnswersNothing_IsGivenUpAfterAPing()
    {
        using var certificate = Certificate("localhost", 1);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = ShakeHandsAsync(listener, certificate, SslApplicationProtocol.Http2);
        using var connections = UpstreamClient.Connections(new() { SocketKeepAlive = TimeSpan.FromSeconds(1) });
        connections.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString();
        using var client = new HttpClient(connections) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}") { Version = HttpVersion.Version20 };

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request).WaitAsync(Longest));

        Assert.True(UpstreamFailure.Is(failure));
    }

    private static X509Certificate2 Certificate(string name, int days)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var end = DateTimeOffset.UtcNow.AddDays(days);
        using var certificate = request.CreateSelfSigned(end.AddDays(-30), end);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Takes what comes after the handshake, and answers nothing.</summary>
    private static async Task ShakeHandsAsync(TcpListener listener, X509Certificate2 certificate, SslApplicationProtocol protocol)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var secure = new SslStream(client.GetStream());
                await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ApplicationProtocols = [protocol] });
                while (await secure.ReadAsync(new byte[Chunk]) > 0)
                {
                }
            }
            catch (Exception gone) when (gone is IOException or AuthenticationException)
            {
                // The other side has seen enough.
            }
            catch (Exception over) when (over is SocketException or InvalidOperationException)
            {
                return;
            }
        }
    }

    /// <summary>The first account is elsewhere; the second is the provider that answers.</summary>
    private static async Task<TestGateway> StartAsync(Uri elsewhere, TimeSpan? connectTime = null, Func<string, IPAddress[]>? lookUp = null)
    {
        var gateway = await TestGateway.StartAsync(
            provider => Samples.Open(provider) is var open ? open with { Accounts = [open.Accounts[0] with { Endpoint = elsewhere }, .. open.Accounts.Skip(1)] } : null!,
            new()
            {
                ConnectTimeout = connectTime ?? TimeSpan.FromSeconds(1),
                FirstByteTimeout = connectTime ?? TimeSpan.FromSeconds(1),
                MaxAttempts = lookUp is null ? 2 : 1,
                Lookup = lookUp,
            });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return gateway;
    }

    /// <summary>A port whose queue of connections is full: who connects hears nothing.</summary>
    private sealed class Unreachable : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _waiting = [];

        public Unreachable(IPAddress? address = null)
        {
            _listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
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

    /// <summary>An address that answers each call of a connection, until it is closed with all its connections.</summary>
    private sealed class OneAnswer : IDisposable
    {
        private readonly TcpListener _listener;
        private readonly List<TcpClient> _taken = [];

        public OneAnswer(IPEndPoint address)
        {
            _listener = new TcpListener(address);
            _listener.Start();
            Closed = AnswerAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public Task Closed { get; }

        public void Dispose()
        {
            _listener.Stop();
            lock (_taken)
            {
                _taken.ForEach(static client => client.Close());
            }
        }

        private async Task AnswerAsync()
        {
            var answer = Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Samples.ChatAnswer.Length}\r\n\r\n{Samples.ChatAnswer}");
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptTcpClientAsync();
                    lock (_taken)
                    {
                        _taken.Add(client);
                    }

                    var text = "";
                    var buffer = new byte[Chunk];
                    while (await client.GetStream().ReadAsync(buffer) is > 0 and var read)
                    {
                        text += Encoding.UTF8.GetString(buffer, 0, read);
                        if (text.EndsWith('}'))
                        {
                            await client.GetStream().WriteAsync(answer);
                        }
                    }
                }
            }
            catch (Exception over) when (over is SocketException or InvalidOperationException or IOException)
            {
                // Closed.
            }
        }
    }
}
