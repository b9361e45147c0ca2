using System.IO.Compression;
using System.Net;
using System.Text;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Limits;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Limits;

/// <summary>Answers of providers' APIs of limits that are none.</summary>
public sealed class LimitReaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ThatIsTooLong_IsNotRead(bool isCoded)
    {
        var answer = isCoded ? Coded(new string(' ', 9 * 1024 * 1024)) : new ByteArrayContent(new byte[9 * 1024 * 1024]);

        var told = await ReadAsync(answer, TimeProvider.System);

        Assert.Null(told.Limits);
        Assert.Contains($"{8 * 1024 * 1024}", told.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("<html>")]
    [InlineData("[1]")]
    public async Task Answer_ThatIsNotWhatIsDocumented_IsTold(string text)
    {
        Assert.Equal(new LimitsTold(null, "its answer is not what it is documented to be"), await ReadAsync(new StringContent(text), TimeProvider.System));
        Assert.Equal(new LimitsTold(null, "its answer is not what it is documented to be"), await ReadAsync(Coded(text), TimeProvider.System));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ThatNeverEnds_IsWaitedForOnlySoLong(bool isCoded)
    {
        var time = new VirtualTime();
        var answer = new StreamContent(new EndlessWait());
        if (isCoded)
        {
            answer.Headers.ContentEncoding.Add("gzip");
        }

        var reading = ReadAsync(answer, time);
        time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(new LimitsTold(null, "no answer within 15 s"), await reading.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static ByteArrayContent Coded(string text)
    {
        using var held = new MemoryStream();
        using (var gzip = new GZipStream(held, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        var content = new ByteArrayContent(held.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private static async Task<LimitsTold> ReadAsync(HttpContent answer, TimeProvider time)
    {
        using var upstream = new UpstreamClient(new OneAnswer(answer), new UpstreamCredentials(new Lazy<EntraTokens>(static () => throw new InvalidOperationException()), time, NullLogger<UpstreamCredentials>.Instance));
        var address = new Uri("http://127.0.0.1:9/");
        var account = new AccountConfiguration("a", "openrouter", null, address, "key", [], []) { LimitSource = new("key", null, address, TimeSpan.Zero) };
        return await new LimitReader(upstream, time).ReadAsync(account, CancellationToken.None);
    }

    private sealed class OneAnswer(HttpContent answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = answer });
    }

    private sealed class EndlessWait : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
