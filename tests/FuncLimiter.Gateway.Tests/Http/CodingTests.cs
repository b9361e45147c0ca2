using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Coded bodies are read as what they hold, whichever side coded them.</summary>
public class CodingTests
{
    private const string Path = "/v1/chat/completions";

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("identity")]
    [InlineData("gzip, br")]
    [InlineData("identity, zstd")]
    public async Task CodedRequest_ArrivesPlain(string coding)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var response = await PostAsync(gateway, Code(coding, Samples.Chat), coding.Replace("raw ", "", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(Samples.Chat, asked.Text);
        Assert.False(asked.Headers.ContainsKey("Content-Encoding"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task RequestThatIsNotCodedAsItSays_IsRefused(string coding)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var plain = await PostAsync(gateway, Encoding.UTF8.GetBytes(Samples.Chat), coding);

        Assert.Equal(HttpStatusCode.BadRequest, plain.StatusCode);
        Assert.Contains("Content-Encoding", await plain.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task RequestThatGrowsBeyondTheBound_IsRefused(string coding)
    {
        await using var gateway = await TestGateway.StartAsync(options: new GatewayOptions { MaxRequestBytes = 100_000 });

        using var response = await PostAsync(gateway, Code(coding, new string(' ', 10_000_000) + Samples.Chat), coding);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("compress")]
    [InlineData("gzip, exi")]
    [InlineData("aes128gcm")]
    public async Task CodingThatIsNotKnown_IsRefusedByItsName(string coding)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await PostAsync(gateway, [1, 2, 3], coding);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains(coding.Split(' ')[^1], await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task CodedAnswer_IsReadAndPassedOnPlain(string coding)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = (context, _) => AnswerAsync(context, 200, coding, "application/json", Samples.ChatAnswer);

        using var response = await gateway.PostAsync(Path, Samples.Chat);

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal(Samples.ChatAnswer, await response.Content.ReadAsStringAsync());
        Assert.Equal(11, (await gateway.Usage.SingleAsync()).Usage?.InputTokens);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task CodedRefusal_IsUnderstoodAndTriedElsewhere(string coding)
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerInTurn(
            context => AnswerAsync(context, 429, coding, "application/json", Samples.OutOfQuota),
            context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using var response = await gateway.PostAsync(Path, Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("openai-2/gpt-y", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
    }

    [Fact]
    public async Task CodedStream_PassesThroughAsItComes()
    {
        await using var gateway = await TestGateway.StartAsync();
        var go = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n"u8.ToArray());
            await gzip.FlushAsync();
            await context.Response.Body.FlushAsync();
            await go.Task;
            await gzip.WriteAsync("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"u8.ToArray());
        };

        using var response = await gateway.PostAsync(Path, Samples.ChatStream);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var first = await reader.ReadLineAsync();
        go.SetResult();

        Assert.Contains("one", first, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerThatIsNotCodedAsItSays_IsTheProvidersFailure()
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.WriteAsync(Samples.ChatAnswer);
        };

        using var response = await gateway.PostAsync(Path, Samples.Chat);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    private static async Task AnswerAsync(HttpContext context, int status, string coding, string type, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.Headers.ContentEncoding = coding;
        await context.Response.Body.WriteAsync(Code(coding, body));
    }

    private static Task<HttpResponseMessage> PostAsync(TestGateway gateway, byte[] body, string coding)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return gateway.SendAsync(HttpMethod.Post, Path, content, CancellationToken.None);
    }

    private static byte[] Code(string codings, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var coding in codings.Split(", "))
        {
            using var coded = new MemoryStream();
            using (var coder = Coder(coding.ToLowerInvariant(), coded))
            {
                coder.Write(bytes);
            }

            bytes = coded.ToArray();
        }

        return bytes;
    }

    private static Stream Coder(string coding, Stream to) => coding switch
    {
        "gzip" or "x-gzip" => new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "raw deflate" => new DeflateStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "zstd" => new ZstdSharp.CompressionStream(to, leaveOpen: true),
        _ => new BufferedStream(new Kept(to)),
    };

    // Disposing what writes plainly must not close what it writes to.
    private sealed class Kept(Stream inner) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
    }
}
