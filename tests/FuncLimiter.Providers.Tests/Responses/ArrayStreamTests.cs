using System.Text;

namespace FuncLimiter.Providers.Tests.Responses;

/// <summary>Streams that are one JSON array, as Gemini and Vertex AI stream where nobody asks for server-sent events.</summary>
public class ArrayStreamTests
{
    private const string Stream = """
        [{"candidates":[{"content":{"role":"model","parts":[{"text":"a } in a \"text\" \\"}]}}]}
        ,
        {"candidates":[{"content":{"parts":[{"text":"]}{["}]}}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":1,"totalTokenCount":8}}
        ,
        {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"totalTokenCount":12}}
        ]
        """;

    [Theory]
    [InlineData("gemini")]
    [InlineData("vertex")]
    public void Usage_IsTheLastThatWasTold_WhereverTheStreamIsCut(string provider)
    {
        var bytes = Encoding.UTF8.GetBytes(Stream);
        foreach (var size in Enumerable.Range(1, bytes.Length))
        {
            var reader = ProviderCatalog.Get(provider).ReadArray();
            for (var at = 0; at < bytes.Length; at += size)
            {
                reader.Append(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
            }

            Assert.Equal((7, 5), (reader.Usage?.InputTokens, reader.Usage?.OutputTokens));
        }
    }

    [Fact]
    public void Item_ThatIsVeryLong_IsPassedOver_AndTheNextOneIsRead()
    {
        var reader = ProviderCatalog.Get("gemini").ReadArray();
        reader.Append("[{\"a\":\""u8);
        foreach (var _ in Enumerable.Range(0, 200))
        {
            reader.Append(new byte[16 * 1024].Select(_ => (byte)'x').ToArray());
        }

        reader.Append(Encoding.UTF8.GetBytes($"\"}},{Stream.Trim()[1..]}"));

        Assert.Equal(5, reader.Usage?.OutputTokens);
    }

    [Theory]
    [InlineData("")]
    [InlineData("]")]
    [InlineData("[{\"a\":}]")]
    [InlineData("}}}{")]
    [InlineData("[1,2,\"{\"]")]
    public void Stream_ThatIsNoSuchArray_TellsNothing(string text)
    {
        var reader = ProviderCatalog.Get("gemini").ReadArray();

        reader.Append(Encoding.UTF8.GetBytes(text));

        Assert.Null(reader.Usage);
    }
}
