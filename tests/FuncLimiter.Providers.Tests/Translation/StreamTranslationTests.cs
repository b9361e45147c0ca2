using System.Buffers;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Tests.Properties;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

public class StreamTranslationTests
{
    private static readonly (Operation From, Wire To, byte[] Bytes)[] All =
    [
        (Operation.ChatCompletions, Wire.Messages, Streams.Bytes(Streams.Messages)),
        (Operation.ChatCompletions, Wire.GenerateContent, Streams.Bytes(Streams.GenerateContent)),
        (Operation.ChatCompletions, Wire.Converse, Streams.Converse),
        (Operation.Messages, Wire.ChatCompletions, Streams.Bytes(Streams.Chat)),
        (Operation.Messages, Wire.GenerateContent, Streams.Bytes(Streams.GenerateContent)),
        (Operation.Messages, Wire.Converse, Streams.Converse),
        (Operation.Messages, Wire.HostedMessages, Streams.Invoked),
    ];

    public static TheoryData<Operation, Wire> Ways
    {
        get
        {
            var ways = new TheoryData<Operation, Wire>();
            foreach (var (from, to, _) in All)
            {
                ways.Add(from, to);
            }

            return ways;
        }
    }

    [Theory]
    [InlineData(Wire.Messages)]
    [InlineData(Wire.GenerateContent)]
    [InlineData(Wire.Converse)]
    public void Stream_ForAnOpenAICaller_IsChunks(Wire to)
    {
        var chunks = Data(Case.Stream(Operation.ChatCompletions, to, [BytesOf(Operation.ChatCompletions, to)]));

        Assert.Equal("[DONE]", chunks[^1]);
        var events = chunks[..^1].Select(chunk => JsonDocument.Parse(chunk).RootElement).ToArray();
        Assert.All(events, chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.Single(events.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
        var choices = events[..^1].Select(chunk => chunk.GetProperty("choices")[0]).ToArray();
        Assert.Equal("assistant", choices[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal("Grüß dich", string.Concat(choices.Select(choice => Text(choice.GetProperty("delta"), "content"))));
        var pieces = choices.Where(choice => choice.GetProperty("delta").TryGetProperty("tool_calls", out _))
            .Select(choice => choice.GetProperty("delta").GetProperty("tool_calls")[0]).ToArray();
        Assert.Equal(["c1:get_weather", "c2:now"], pieces.Where(piece => piece.TryGetProperty("id", out _))
            .Select(piece => $"{Text(piece, "id")}:{Text(piece.GetProperty("function"), "name")}"));
        Assert.Equal("{\"city\":\"Oslo\"}", Arguments(pieces, 0));
        Assert.Equal("{}", Arguments(pieces, 1));
        Assert.Equal("tool_calls", Assert.Single(choices, choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.String)
            .GetProperty("finish_reason").GetString());
        Assert.Empty(events[^1].GetProperty("choices").EnumerateArray());
        Assert.Equal("115 40 100", Usage(events[^1].GetProperty("usage")));
    }

    [Fact]
    public void Stream_OfACallerWhoDidNotAsk_TellsNoUsage()
    {
        var stream = Case.Stream(
            Operation.ChatCompletions, Wire.Messages, [Streams.Bytes(Streams.Messages)], Case.Terms with { StreamUsage = false });

        Assert.DoesNotContain("usage", stream, StringComparison.Ordinal);
        Assert.EndsWith("\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n", stream, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Wire.ChatCompletions, 15, 0)]
    [InlineData(Wire.GenerateContent, 15, 0)]
    [InlineData(Wire.Converse, 10, 5)]
    public void Stream_ForAnAnthropicCaller_IsEventsInTheirOrder(Wire to, int input, int written)
    {
        var stream = Case.Stream(Operation.Messages, to, [BytesOf(Operation.Messages, to)]);
        var events = Data(stream).Select(data => JsonDocument.Parse(data).RootElement).ToArray();

        Assert.Equal(events.Select(data => Text(data, "type")), stream.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line[7..]));
        Assert.Equal(
            "message_start content_block_start content_block_delta content_block_stop content_block_start content_block_delta content_block_stop "
                + "content_block_start content_block_delta content_block_stop message_delta message_stop",
            string.Join(' ', Merged(events.Select(data => Text(data, "type")!))));
        Assert.Equal("msg_01X,msg_abc".Split(',')[to == Wire.Converse ? 1 : 0], Text(events[0].GetProperty("message"), "id"));
        var deltas = events.Where(data => Text(data, "type") == "content_block_delta").ToArray();
        Assert.Equal("Grüß dich", string.Concat(deltas.Select(data => Text(data.GetProperty("delta"), "text"))));
        Assert.Equal(["{\"city\":\"Oslo\"}", "{}"], deltas.Where(data => Text(data.GetProperty("delta"), "type") == "input_json_delta")
            .GroupBy(data => data.GetProperty("index").GetInt32()).Select(group => string.Concat(group.Select(data => Text(data.GetProperty("delta"), "partial_json")))));
        Assert.Equal([0, 1, 2], events.Where(data => Text(data, "type") == "content_block_start").Select(data => data.GetProperty("index").GetInt32()));
        Assert.Equal("tool_use", Text(events[^2].GetProperty("delta"), "stop_reason"));
        Assert.Equal(
            $$"""{"input_tokens":{{input}},"cache_creation_input_tokens":{{written}},"cache_read_input_tokens":100,"output_tokens":40}""",
            events[^2].GetProperty("usage").GetRawText());
    }

    [Fact]
    public void Stream_OfAnthropicsOwnEventsInFrames_IsThoseEvents() =>
        Assert.Equal(Streams.Messages, Case.Stream(Operation.Messages, Wire.HostedMessages, [Streams.Invoked]));

    [Fact]
    public void Exception_InAFrameOfAnthropicsOwnEvents_IsToldAsItsError() => Assert.Equal(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many tokens\"}}\n\n",
        Case.Stream(Operation.Messages, Wire.HostedMessages, [Streams.Frames("""[{"throttlingException":{"message":"Too many tokens"}}]""")]));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Stream_CutAtAnyByte_IsTheSame(Operation from, Wire to)
    {
        var bytes = BytesOf(from, to);
        var whole = Case.Stream(from, to, [bytes]);

        Assert.Equal(whole, Case.Stream(from, to, bytes.Select(value => new[] { value })));
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            Assert.Equal(whole, Case.Stream(from, to, [bytes[..cut], bytes[cut..]]));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Stream_ThatStopsAnywhere_EndsInAnErrorOrIsWhole(Operation from, Wire to)
    {
        var bytes = BytesOf(from, to);
        var whole = Case.Stream(from, to, [bytes]);
        for (var end = 0; end < bytes.Length; end += 7)
        {
            var cut = Case.Stream(from, to, [bytes[..end]]);

            // Where the model has stopped, only its usage may be missing.
            var isWhole = cut.Contains("message_stop", StringComparison.Ordinal) || cut.Contains("[DONE]", StringComparison.Ordinal);
            Assert.True(isWhole ? Text(cut) == Text(whole) : cut.Contains("ended its answer before it was complete", StringComparison.Ordinal), cut);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Stream_OfAnything_NeverThrowsAndAlwaysEnds(Operation from, Wire to) => Always.Holds(
        Cuts.Random(),
        cut => Case.Stream(from, to, Cuts.Apply(cut.Bytes, cut.Lengths)).EndsWith("\n\n", StringComparison.Ordinal));

    [Theory]
    [InlineData(Operation.ChatCompletions, Wire.Messages, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}\n\n", "data: {\"error\":{\"message\":\"Busy\",\"type\":\"service_unavailable_error\",\"param\":null,\"code\":\"server_is_overloaded\"}}\n\n")]
    [InlineData(Operation.Messages, Wire.ChatCompletions, "data: {\"error\":{\"message\":\"Slow down\",\"type\":\"rate_limit_error\",\"code\":\"rate_limit_exceeded\"}}\n\n", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Slow down\"}}\n\n")]
    [InlineData(Operation.Messages, Wire.GenerateContent, "data: {\"error\":{\"code\":503,\"message\":\"Busy\",\"status\":\"UNAVAILABLE\"}}\n\n", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}\n\n")]
    public void Failure_InTheStream_IsToldInTheCallersDialect(Operation from, Wire to, string stream, string expected) =>
        Assert.Equal(expected, Case.Stream(from, to, stream + stream));

    [Fact]
    public void Exception_InAFrame_IsToldInTheCallersDialect() => Assert.Contains(
        "\"code\":\"rate_limit_exceeded\"",
        Case.Stream(Operation.ChatCompletions, Wire.Converse, [Streams.Frames("""[{"messageStart":{"role":"assistant"}},{"throttlingException":{"message":"Too many tokens"}}]""")]),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("data: {broken\n\n", "not valid JSON")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n", "no Unicode text")]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}}]}\n\n", "mixes the pieces")]
    public void Event_ThatCannotBeCarried_EndsTheStreamLoudly(string stream, string reason) =>
        Assert.Contains(reason, Case.Stream(Operation.Messages, Wire.ChatCompletions, stream), StringComparison.Ordinal);

    [Fact]
    public void Block_ThatOnlyAnthropicHas_EndsTheStreamLoudly() => Assert.Contains(
        "holds 'server_tool_use'",
        Case.Stream(Operation.ChatCompletions, Wire.Messages, "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"server_tool_use\"}}\n\n"),
        StringComparison.Ordinal);

    [Fact]
    public void Event_WithoutEnd_IsNotHeldForever()
    {
        using var translator = Case.Way(Operation.ChatCompletions, Wire.Messages).Stream(Dialect.OpenAI, Case.Terms)!;
        var output = new ArrayBufferWriter<byte>();
        translator.Append("data: "u8, output);
        for (var megabyte = 0; megabyte < 4; megabyte++)
        {
            translator.Append(new byte[1024 * 1024], output);
        }

        translator.Append("\n\n"u8, output);

        Assert.True(translator.IsEnded);
        Assert.Contains("too long", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_ThatAllHaveTheSameIndex_StayApart()
    {
        const string stream = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}\n\n";

        var translated = Case.Stream(Operation.Messages, Wire.ChatCompletions, stream);

        Assert.Contains("\"id\":\"a\",\"name\":\"f\"", translated, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"b\",\"name\":\"g\"", translated, StringComparison.Ordinal);
        Assert.Contains("\"stop_reason\":\"tool_use\"", translated, StringComparison.Ordinal);
    }

    private static byte[] BytesOf(Operation from, Wire to) => All.Single(way => way.From == from && way.To == to).Bytes;

    private static string[] Data(string stream) =>
        [.. stream.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..])];

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A stream without its usage.</summary>
    private static string Text(string stream) =>
        string.Join('\n', stream.Split('\n').Where(line => line.Length > 0 && !line.Contains("_tokens\"", StringComparison.Ordinal)));

    private static string Arguments(JsonElement[] pieces, int index) => string.Concat(
        pieces.Where(piece => piece.GetProperty("index").GetInt32() == index).Select(piece => Text(piece.GetProperty("function"), "arguments")));

    private static string Usage(JsonElement usage) =>
        $"{usage.GetProperty("prompt_tokens")} {usage.GetProperty("completion_tokens")} {usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens")}";

    private static IEnumerable<string> Merged(IEnumerable<string> types)
    {
        var last = "";
        foreach (var type in types)
        {
            if (type != last)
            {
                yield return type;
            }

            last = type;
        }
    }
}
