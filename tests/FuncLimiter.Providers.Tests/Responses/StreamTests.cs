using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Tests.Fixtures;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Responses;

public class StreamTests
{
    private const string Chat =
        """
        : comment

        data: {"choices":[{"delta":{"content":"say \"usage\":{\"prompt_tokens\":1}"},"finish_reason":null}],"usage":null}

        data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}

        data: {"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":7,"total_tokens":37,"prompt_tokens_details":{"cached_tokens":16}}}

        data: [DONE]


        """;

    private const string Messages =
        """
        event: message_start
        data: {"type":"message_start","message":{"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}}}

        event: content_block_delta
        data: {"type":"content_block_delta","delta":{"text":"an \"error\" and \"usage\": {"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Failing =
        """
        event: error
        data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}


        """;

    [Theory]
    [InlineData("openai", Chat, true)]
    [InlineData("anthropic", Messages, true)]
    [InlineData("openai", "data: {\"type\":\"response.incomplete\",\"response\":{}}\n\n", true)]
    [InlineData("cohere", "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{}}\n\n", true)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", false)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"message_stop\"}}]}}]}\n\n", false)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"[DONE]\"}}]}\n\n", false)]
    public void IsOver_IsTrueOnlyOnceNothingMoreCanCome(string provider, string text, bool isOver) => Assert.Equal(isOver, Read(provider, text).IsOver);

    [Theory]
    [InlineData("openai", Chat)]
    [InlineData("anthropic", Messages)]
    public void Failure_AfterTheEnd_IsNone(string provider, string text) => Assert.Null(Read(provider, text + Failing).Failure);

    [Theory]
    [InlineData("openai", ": PROCESSING\n\n")]
    [InlineData("openai", "event: ping\ndata: {\"type\": \"ping\"}\n\n")]
    [InlineData("openai", "data:\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]},\"finish_reason\":null}]}\n\n")]
    [InlineData("azure-openai", "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n")]
    [InlineData("openai", "data: {\"type\":\"response.queued\"}\n\ndata: {\"type\":\"response.output_item.added\",\"item\":{\"type\":\"message\"}}\n\n")]
    [InlineData("anthropic", "data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n")]
    [InlineData("gemini", "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]}}]}\n\n")]
    public void HasContent_IsFalseForTheOpeningOfAnAnswer(string provider, string text) => Assert.False(Read(provider, text).HasContent);

    [Theory]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"H\"},\"finish_reason\":null}]}\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"H\"}}]}\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"text\":\"H\"}]}\n\n")]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")]
    [InlineData("openai", "data: [DONE]\n\n")]
    [InlineData("openai", "data: {\"type\":\"response.output_text.delta\",\"delta\":\"H\"}\n\n")]
    [InlineData("openai", "data: {\"type\":\"of.another.kind\"}\n\n")]
    [InlineData("openai", "data: no JSON\n\n")]
    [InlineData("anthropic", "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"H\"}}\n\n")]
    [InlineData("anthropic", "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"web_search_tool_result\"}}\n\n")]
    [InlineData("anthropic", "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"}}\n\n")]
    [InlineData("gemini", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{}}]}}]}\n\n")]
    public void HasContent_IsTrueFromTheFirstPartOfAnAnswerOn(string provider, string text)
    {
        Assert.True(Read(provider, text).HasContent);

        // Cut anywhere before its last byte, there is none yet.
        var bytes = Encoding.UTF8.GetBytes(text);
        var end = bytes.Length - 2;
        for (var at = 0; at < end; at++)
        {
            var reader = ProviderCatalog.Get(provider).ReadStream();
            reader.Append(bytes.AsSpan(0, at));
            Assert.False(reader.HasContent);
        }
    }

    [Theory]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"the \\\"finish_reason\\\":\\\"stop\\\"\"},\"finish_reason\":null}]}\n\n", true)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", false)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n", false)]
    [InlineData("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"busy\"}}\n\n", false)]
    [InlineData("openai", "data: {\"type\":\"response.created\"}\n\ndata: {\"type\":\"response.output_text.done\"}\n\n", true)]
    [InlineData("openai", "data: {\"type\":\"response.created\"}\n\ndata: {\"type\":\"response.incomplete\"}\n\n", false)]
    [InlineData("anthropic", "data: {\"type\":\"message_start\"}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n", true)]
    [InlineData("anthropic", "data: {\"type\":\"message_start\"}\n\ndata: {\"type\": \"message_stop\" }\n\n", false)]
    [InlineData("gemini", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n", true)]
    [InlineData("gemini", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\n\n", false)]
    [InlineData("openai", "data: {\"type\":\"speech.audio.delta\"}\n\n", false)]
    [InlineData("openai", ": nothing but a comment\n\n", false)]
    public void LacksEnd_IsTrueUntilTheEventThatEndsAKnownStream(string provider, string text, bool lacks) =>
        Assert.Equal(lacks, Read(provider, text).LacksEnd);

    [Fact]
    public void Append_OfAChat_EndsWithItsUsage()
    {
        var stream = Read("openai", Chat);

        Assert.Equal(new TokenUsage(30, 7, 16), stream.Usage);
        Assert.True(stream.IsFinal);
        Assert.Null(stream.Failure);
    }

    [Fact]
    public void Append_WhenTheStreamIsCutBeforeItsLastWord_IsNotFinal()
    {
        var stream = Read("anthropic", Messages[..Messages.IndexOf("event: message_delta", StringComparison.Ordinal)]);

        Assert.Equal(new TokenUsage(35, 1, 20, 5), stream.Usage);
        Assert.False(stream.IsFinal);
    }

    [Fact]
    public void Append_WhenUsageIsToldWithEveryChunk_IsFinalWithTheLastOne()
    {
        const string first = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n";
        const string last = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";

        Assert.False(Read("openai-compatible", first).IsFinal);
        Assert.Equal((new TokenUsage(3, 2), true), (Read("openai-compatible", first + last).Usage!.Value, Read("openai-compatible", first + last).IsFinal));
    }

    [Fact]
    public void Append_OfAnErrorAfterA200_TellsTheFailure()
    {
        var failure = Read("anthropic", Failing).Failure!;

        Assert.Equal((OutcomeKind.Overloaded, true), (failure.Observation.Kind, failure.Retryable));
    }

    [Theory]
    [InlineData("openai", Chat)]
    [InlineData("anthropic", Messages)]
    [InlineData("anthropic", Failing)]
    [InlineData("openrouter", Chat + Failing)]
    public void Append_HoweverTheBytesAreCut_ReadsTheSame(string provider, string text)
    {
        foreach (var end in (string[])["\n", "\r\n"])
        {
            var bytes = Encoding.UTF8.GetBytes(text.Replace("\n", end, StringComparison.Ordinal));
            var whole = Tell(Read(provider, bytes, []));

            Always.Holds(Cuts.Of(bytes), cut => Tell(Read(provider, cut.Bytes, cut.Lengths)) == whole);
        }
    }

    [Fact]
    public void Append_OfFramesCutAnywhere_ReadsTheSame()
    {
        using var events = JsonDocument.Parse(
            """[{"messageStart":{}},{"metadata":{"usage":{"inputTokens":3,"outputTokens":4,"cacheReadInputTokens":2}}},{"throttlingException":{"message":"Too many tokens"}}]""");
        var bytes = AwsEventEncoder.Encode(events.RootElement);

        var stream = Read("bedrock", bytes, []);
        Assert.Equal((new TokenUsage(5, 4, 2), true, "rate_limit_tokens"), (stream.Usage!.Value, stream.IsFinal, stream.Failure!.Reason));
        Always.Holds(Cuts.Of(bytes), cut => Tell(Read("bedrock", cut.Bytes, cut.Lengths)) == Tell(stream));
    }

    [Fact]
    public void Append_OfALineFarOverTheBound_StillFindsTheUsageNearItsEnd()
    {
        var text = new string('x', 3 * SseLines.MaxLineBytes);
        var line = $$$"""data: {"type":"response.completed","response":{"output":"{{{text}}}","usage":{"input_tokens":9,"output_tokens":8},"user":null}}""";
        var stream = ProviderCatalog.Get("openai").ReadStream();

        foreach (var chunk in Encoding.UTF8.GetBytes(line + "\n\n").Chunk(8192))
        {
            stream.Append(chunk);
        }

        Assert.Equal((new TokenUsage(9, 8), true), (stream.Usage!.Value, stream.IsFinal));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("bedrock")]
    public void Append_OfALineOrFrameWithoutEnd_StaysInBoundedMemory(string provider)
    {
        var stream = ProviderCatalog.Get(provider).ReadStream();
        var chunk = new byte[64 * 1024];
        Array.Fill(chunk, (byte)(provider == "bedrock" ? 0 : 'x'));
        chunk[1] = 200;
        stream.Append(chunk);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            stream.Append(chunk);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * SseLines.MaxLineBytes);
    }

    [Fact]
    public void Append_OfChunksWithoutUsage_AllocatesNothing()
    {
        var stream = ProviderCatalog.Get("openai").ReadStream();
        var chunk = Encoding.UTF8.GetBytes("data: {\"choices\":[{\"delta\":{\"content\":\"word\"},\"finish_reason\":null}],\"usage\":null}\n\n");
        stream.Append(chunk);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            stream.Append(chunk);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static StreamUsageReader Read(string provider, string text) => Read(provider, Encoding.UTF8.GetBytes(text), []);

    private static StreamUsageReader Read(string provider, byte[] bytes, int[] cuts)
    {
        var stream = ProviderCatalog.Get(provider).ReadStream();
        foreach (var chunk in Cuts.Apply(bytes, cuts))
        {
            stream.Append(chunk);
        }

        return stream;
    }

    private static (TokenUsage?, bool, string?) Tell(StreamUsageReader stream) => (stream.Usage, stream.IsFinal, stream.Failure?.Reason);
}
