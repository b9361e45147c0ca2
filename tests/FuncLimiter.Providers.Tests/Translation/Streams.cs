using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Tests.Fixtures;

namespace FuncLimiter.Providers.Tests.Translation;

/// <summary>One answer, text and two tool calls, as each API streams it.</summary>
internal static class Streams
{
    public const string Messages =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"01X\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":100,\"output_tokens\":1}}}\n\n"
        + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"Hm\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        + "event: ping\ndata: {\"type\":\"ping\"}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Grüß\"}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\" dich\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
        + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"get_weather\",\"input\":{}}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\"}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"Oslo\\\"}\"}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n"
        + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"now\",\"input\":{}}}\n\n"
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":3}\n\n"
        + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":40}}\n\n"
        + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    public const string Chat =
        "data: {\"id\":\"\",\"object\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"finish_reason\":null}],\"usage\":null}\r\n\r\n"
        + ": keep-alive\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Grüß\"},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" dich\"},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\"}}]},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Oslo\\\"}\"}}]},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"now\",\"arguments\":\"\"}}]},\"finish_reason\":null}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\r\n\r\n"
        + "data: {\"id\":\"01X\",\"model\":\"gpt\",\"choices\":[],\"usage\":{\"prompt_tokens\":115,\"completion_tokens\":40,\"total_tokens\":155,\"prompt_tokens_details\":{\"cached_tokens\":100}}}\r\n\r\n"
        + "data: [DONE]\r\n\r\n";

    public const string GenerateContent =
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hm\",\"thought\":true}]}}],\"modelVersion\":\"gemini\",\"responseId\":\"01X\"}\r\n\r\n"
        + "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Grüß\"}]}}],\"usageMetadata\":{\"promptTokenCount\":115,\"totalTokenCount\":115}}\r\n\r\n"
        + "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" dich\"},{\"functionCall\":{\"id\":\"c1\",\"name\":\"get_weather\",\"args\":{\"city\":\"Oslo\"}},\"thoughtSignature\":\"c2ln\"}]}}]}\r\n\r\n"
        + "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"id\":\"c2\",\"name\":\"now\",\"args\":{}}}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":115,\"cachedContentTokenCount\":100,\"candidatesTokenCount\":40,\"totalTokenCount\":155}}\r\n\r\n";

    private const string ConverseEvents = """
        [{"messageStart":{"role":"assistant"}},
         {"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}}}},{"contentBlockStop":{"contentBlockIndex":0}},
         {"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"Grüß"}}},{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":" dich"}}},{"contentBlockStop":{"contentBlockIndex":1}},
         {"contentBlockStart":{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"c1","name":"get_weather"}}}},
         {"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"city\":"}}}},{"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"Oslo\"}"}}}},{"contentBlockStop":{"contentBlockIndex":2}},
         {"contentBlockStart":{"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"c2","name":"now"}}}},{"contentBlockStop":{"contentBlockIndex":3}},
         {"messageStop":{"stopReason":"tool_use"}},
         {"metadata":{"usage":{"inputTokens":10,"outputTokens":40,"totalTokens":155,"cacheReadInputTokens":100,"cacheWriteInputTokens":5},"metrics":{"latencyMs":5}}}]
        """;

    public static byte[] Converse => Frames(ConverseEvents);

    /// <summary>Anthropic's own events, each in a frame of InvokeModelWithResponseStream.</summary>
    public static byte[] Invoked => Frames($"[{string.Join(',', Messages.Split('\n')
        .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
        .Select(line => $$$"""{"chunk":{"bytes":"{{{Convert.ToBase64String(Bytes(line[6..]))}}}","p":"abcd"}}"""))}]");

    public static byte[] Frames(string events) => AwsEventEncoder.Encode(JsonDocument.Parse(events).RootElement);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
