using System.IO.Compression;
using System.Net;
using System.Text;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A large body waits in a file that nobody else can open, and arrives as it was sent.</summary>
public sealed class BodiesOnDiskTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;
    private static readonly string Large = Samples.Chat.Replace("Hi", string.Concat(Enumerable.Range(0, 4 * Megabyte / 8).Select(number => $"{number:x7} ")), StringComparison.Ordinal);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-bodies");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, "gzip")]
    public async Task LargeBody_ArrivesAsItWasSent_AndLeavesNoFile(bool isChunked, string? coding)
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { BodyFolder = _folder.FullName });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        gateway.Limiter.Hold = new TaskCompletionSource();

        var call = SendAsync(gateway, isChunked, coding);
        await UntilAsync(() => gateway.Limiter.Requests.Count == 1);
        var names = OperatingSystem.IsWindows() ? 0 : _folder.GetFiles().Length;
        gateway.Limiter.Hold.SetResult();
        using var answer = await call.WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Large, gateway.Provider.Requests.Single().Text);
        Assert.Equal(0, names);
    }

    /// <summary>On Linux, what a process has open tells where a body is: in a file without a name.</summary>
    [Fact]
    public async Task LargeBody_OfAWaitingCall_IsInAFileAndNotInMemory()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { BodyFolder = _folder.FullName });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        gateway.Limiter.Hold = new TaskCompletionSource();

        var calls = Enumerable.Range(0, 20).Select(_ => SendAsync(gateway, isChunked: false, coding: null)).ToList();
        await UntilAsync(() => gateway.Limiter.Requests.Count == calls.Count);
        var mapped = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/maps").Count(line => line.Contains(_folder.FullName, StringComparison.Ordinal)) : calls.Count;
        gateway.Limiter.Hold.SetResult();
        var answers = await Task.WhenAll(calls).WaitAsync(Longest);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(calls.Count, mapped);
    }

    [Fact]
    public async Task LargeBody_WhereTheFolderTakesNone_StaysInMemory()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { BodyFolder = Path.Combine(_folder.FullName, "not there") });
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var answer = await SendAsync(gateway, isChunked: true, coding: null).WaitAsync(Longest);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Large, gateway.Provider.Requests.Single().Text);
    }

    private static Task<HttpResponseMessage> SendAsync(TestGateway gateway, bool isChunked, string? coding)
    {
        var bytes = Encoding.UTF8.GetBytes(Large);
        if (coding is not null)
        {
            using var coded = new MemoryStream();
            using (var gzip = new GZipStream(coded, CompressionLevel.Fastest))
            {
                gzip.Write(bytes);
            }

            bytes = coded.ToArray();
        }

        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/json");
        if (coding is not null)
        {
            content.Headers.ContentEncoding.Add(coding);
        }

        return gateway.SendAsync(HttpMethod.Post, "/v1/chat/completions", content, CancellationToken.None, isChunked ? [("Transfer-Encoding", "chunked")] : []);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 6_000, "It did not come to that within a minute.");
            await Task.Delay(10);
        }
    }
}
