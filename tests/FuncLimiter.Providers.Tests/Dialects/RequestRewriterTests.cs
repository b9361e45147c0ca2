using System.Text;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Dialects;

public class RequestRewriterTests
{
    private const string Messages = """ "messages":[{"role":"user","content":"Hi"}] """;

    [Theory]
    [InlineData("gpt-y", "\"gpt-y\"")]
    [InlineData("claude \"4\" é+", "\"claude \\\"4\\\" é+\"")]
    public void WithModel_ReplacesTheModelsBytesAlone(string model, string written)
    {
        var body = $"{{\"temperature\" : 0.10, \"model\":\"gpt-x\",{Messages}}}";

        Assert.Equal(body.Replace("\"gpt-x\"", written, StringComparison.Ordinal), Text(RequestRewriter.WithModel(Bytes(body), Read(body), model)));
    }

    [Theory]
    [InlineData("\"gpt-x\"")]
    [InlineData("\"gpt\\u002dx\"")]
    public void WithModel_WhenItIsNamedAlready_ReturnsTheSameMemory(string written)
    {
        var bytes = Bytes($"{{\"model\":{written},{Messages}}}");
        RequestReader.TryRead(Operation.ChatCompletions, bytes.Span, null, out var facts, out _);

        Assert.Equal(bytes, RequestRewriter.WithModel(bytes, facts!, "gpt-x"));
    }

    [Fact]
    public void WithModel_WhenThePathNamedIt_PutsItIntoTheBody()
    {
        var bytes = Bytes($" {{{Messages}}}");
        RequestReader.TryRead(Operation.ChatCompletions, bytes.Span, "deployment", out var facts, out _);

        Assert.Equal($" {{\"model\":\"gpt-x\",{Messages}}}", Text(RequestRewriter.WithModel(bytes, facts!, "gpt-x")));
    }

    [Theory]
    [InlineData("", "\"stream_options\":{\"include_usage\":true},")]
    public void WithStreamUsage_WhenNothingIsSaidOfIt_AddsTheOption(string said, string added)
    {
        var body = $"{{\"model\":\"m\",{said}\"stream\":true,{Messages}}}";

        var asked = Text(RequestRewriter.WithStreamUsage(Bytes(body), Read(body), out var hide));

        Assert.True(hide);
        Assert.Equal("{" + added + body[1..], asked);
    }

    [Theory]
    [InlineData("null", "{\"include_usage\":true}")]
    [InlineData("{}", "{\"include_usage\":true}")]
    [InlineData("{ \"include_usage\" : false }", "{ \"include_usage\" : true }")]
    [InlineData("{\"include_usage\":null}", "{\"include_usage\":true}")]
    [InlineData("{\"include_obfuscation\":false}", "{\"include_usage\":true,\"include_obfuscation\":false}")]
    public void WithStreamUsage_WhenOptionsAreThere_ChangesThemAlone(string options, string changed)
    {
        var body = $"{{\"model\":\"m\",\"stream\":true,\"stream_options\":{options},{Messages}}}";

        var asked = Text(RequestRewriter.WithStreamUsage(Bytes(body), Read(body), out var hide));

        Assert.True(hide);
        Assert.Equal(body.Replace($":{options},", $":{changed},", StringComparison.Ordinal), asked);
    }

    [Theory]
    [InlineData("\"stream\":true,\"stream_options\":{\"include_usage\":true}")]
    [InlineData("\"stream\":false")]
    [InlineData("\"top_p\":1")]
    public void WithStreamUsage_WhenItIsAskedAlreadyOrNothingIsStreamed_ReturnsTheSameMemory(string property)
    {
        var body = $"{{\"model\":\"m\",{property},{Messages}}}";
        var bytes = Bytes(body);

        Assert.Equal(bytes, RequestRewriter.WithStreamUsage(bytes, Read(body), out var hide));
        Assert.False(hide);
    }

    [Fact]
    public void WithStreamUsage_AfterAnotherModelAndAByteOrderMark_StillFindsItsPlace()
    {
        var body = $"\uFEFF{{\"model\":\"m\",\"stream\":true,\"stream_options\":{{}},{Messages}}}";
        var renamed = RequestRewriter.WithModel(Bytes(body), Read(body), "a-longer-name");

        Assert.Equal(
            $"\uFEFF{{\"model\":\"a-longer-name\",\"stream\":true,\"stream_options\":{{\"include_usage\":true}},{Messages}}}",
            Text(RequestRewriter.WithStreamUsage(renamed, Read(body), out _)));
    }

    private static RequestFacts Read(string body)
    {
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, Bytes(body).Span, null, out var facts, out _));
        return facts;
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
