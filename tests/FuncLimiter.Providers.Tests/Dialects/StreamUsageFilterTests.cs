using System.Buffers;
using System.Text;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Dialects;

public class StreamUsageFilterTests
{
    private const string Usage =
        """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""";

    private static readonly string[] Kept =
    [
        """data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"\"choices\":[] \"usage\":{}"}}],"usage":null}""",
        """data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}],"usage":null}""",
        """data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}""",
        """data: {"choices": [ ] }""",
        """data: not json "choices":[] "usage":{}""",
        ": keep-alive",
        "event: ping",
        "data: [DONE]",
        "",
    ];

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Append_DropsTheUsageChunkAndItsBlankLineAlone(string end)
    {
        var before = string.Concat(Kept.Take(3).Select(line => line + end + end));
        var after = string.Concat(Kept.Skip(3).Select(line => line + end + end));

        Assert.Equal(before + after, Filter(before + Usage + end + end + after, []));
    }

    [Fact]
    public void Append_HoldsBytesBackOnlyWhileTheyMayBeTheUsageChunk()
    {
        var filter = new StreamUsageFilter();
        var output = new ArrayBufferWriter<byte>();

        filter.Append("data: {\"choices\":"u8, output);
        Assert.Equal(0, output.WrittenCount);

        filter.Append("[{\"delta\""u8, output);
        Assert.Equal("data: {\"choices\":[{\"delta\"", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Complete_WhenTheStreamIsCut_WritesWhatWasHeld()
    {
        Assert.Equal("data: {\"cho", Filter("data: {\"cho", []));
        Assert.Equal("\r", Filter(Usage + "\r\n\r", []));
    }

    [Fact]
    public void Append_HoweverTheBytesAreCut_WritesTheSame() => Always.Holds(Cuts.Of(Stream()), cut =>
        Filter(cut.Bytes, cut.Lengths) == Filter(cut.Bytes, []));

    [Fact]
    public void Append_OfAnyBytesWithoutAUsageChunk_PassesThemByteForByte() => Always.Holds(Cuts.Random(), cut =>
        Written(cut.Bytes, cut.Lengths).AsSpan().SequenceEqual(cut.Bytes));

    private static byte[] Stream() =>
        Encoding.UTF8.GetBytes(string.Concat(Kept.Append(Usage).Append(Kept[0]).Append(Usage).Append(Kept[7]).Select(line => line + "\r\n\n")));

    private static string Filter(string stream, int[] cuts) => Filter(Encoding.UTF8.GetBytes(stream), cuts);

    private static string Filter(byte[] stream, int[] cuts) => Encoding.UTF8.GetString(Written(stream, cuts));

    private static byte[] Written(byte[] stream, int[] cuts)
    {
        var filter = new StreamUsageFilter();
        var output = new ArrayBufferWriter<byte>();
        foreach (var chunk in Cuts.Apply(stream, cuts))
        {
            filter.Append(chunk, output);
        }

        filter.Complete(output);
        return output.WrittenSpan.ToArray();
    }
}
