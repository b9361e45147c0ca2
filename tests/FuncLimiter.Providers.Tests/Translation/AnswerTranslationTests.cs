using System.Text;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

public class AnswerTranslationTests
{
    private const string Message = """
        {"id":"01X","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[
          {"type":"thinking","thinking":"Hm","signature":"s"},{"type":"text","text":"I look."},
          {"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Paris","n":1.50}},{"type":"tool_use","id":"toolu_2","name":"now","input":{}}],
         "stop_reason":"tool_use","stop_sequence":null,
         "usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":100,"output_tokens":40}}
        """;

    private const string Generated = """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"Hm","thought":true},{"text":"I look."},
          {"functionCall":{"id":"toolu_1","name":"get_weather","args":{"city":"Paris","n":1.50}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"now"}}]},"finishReason":"STOP","index":0}],
         "usageMetadata":{"promptTokenCount":115,"cachedContentTokenCount":100,"candidatesTokenCount":30,"thoughtsTokenCount":10,"totalTokenCount":155},
         "modelVersion":"gemini-2.5-pro","responseId":"01X"}
        """;

    private const string Conversed = """
        {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm"}}},{"text":"I look."},
          {"toolUse":{"toolUseId":"toolu_1","name":"get_weather","input":{"city":"Paris","n":1.50}}},{"toolUse":{"toolUseId":"toolu_2","name":"now","input":{}}}]}},
         "stopReason":"tool_use","usage":{"inputTokens":10,"outputTokens":40,"totalTokens":155,"cacheReadInputTokens":100,"cacheWriteInputTokens":5},"metrics":{"latencyMs":1}}
        """;

    private const string Completion = """
        {"id":"01X","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"I look.","refusal":null,"annotations":[],
          "tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\",\"n\":1.50}"}},{"id":"call_2","type":"function","function":{"name":"now","arguments":""}}]},
          "logprobs":null,"finish_reason":"tool_calls"}],
         "usage":{"prompt_tokens":115,"completion_tokens":40,"total_tokens":155,"prompt_tokens_details":{"cached_tokens":100},"completion_tokens_details":{"reasoning_tokens":10}}}
        """;

    [Theory]
    [InlineData(Wire.Messages, Message, "chatcmpl-01X", "claude-sonnet-4-5", "toolu_2", 0)]
    [InlineData(Wire.GenerateContent, Generated, "chatcmpl-01X", "gemini-2.5-pro", "call_abc_1", 10)]
    [InlineData(Wire.Converse, Conversed, "chatcmpl-abc", "asked-model", "toolu_2", 0)]
    public void Answer_ForAnOpenAICaller_IsACompletion(Wire to, string body, string id, string model, string second, int reasoning) => Case.SameJson(
        $$$"""
        {"id":"{{{id}}}","object":"chat.completion","created":1700000000,"model":"{{{model}}}","choices":[{"index":0,"message":{"role":"assistant","content":"I look.","refusal":null,
          "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\",\"n\":1.50}"}},{"id":"{{{second}}}","type":"function","function":{"name":"now","arguments":"{}"}}]},
          "logprobs":null,"finish_reason":"tool_calls"}],
         "usage":{"prompt_tokens":115,"completion_tokens":40,"total_tokens":155,"prompt_tokens_details":{"cached_tokens":100},"completion_tokens_details":{"reasoning_tokens":{{{reasoning}}} } } }
        """,
        Case.Answer(Operation.ChatCompletions, to, body));

    [Theory]
    [InlineData(Wire.ChatCompletions, Completion, "msg_01X", "gpt-5", "call_1", "call_2", 15, 0)]
    [InlineData(Wire.GenerateContent, Generated, "msg_01X", "gemini-2.5-pro", "toolu_1", "call_abc_1", 15, 0)]
    [InlineData(Wire.Converse, Conversed, "msg_abc", "asked-model", "toolu_1", "toolu_2", 10, 5)]
    public void Answer_ForAnAnthropicCaller_IsAMessage(Wire to, string body, string id, string model, string first, string second, int input, int written) => Case.SameJson(
        $$$"""
        {"id":"{{{id}}}","type":"message","role":"assistant","model":"{{{model}}}","content":[{"type":"text","text":"I look."},
          {"type":"tool_use","id":"{{{first}}}","name":"get_weather","input":{"city":"Paris","n":1.50}},{"type":"tool_use","id":"{{{second}}}","name":"now","input":{}}],
         "stop_reason":"tool_use","stop_sequence":null,
         "usage":{"input_tokens":{{{input}}},"cache_creation_input_tokens":{{{written}}},"cache_read_input_tokens":100,"output_tokens":40}}
        """,
        Case.Answer(Operation.Messages, to, body));

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("refusal", "content_filter")]
    [InlineData("pause_turn", "stop")]
    public void StopReason_OfAnthropic_IsOpenAIs(string theirs, string ours) => Assert.Contains(
        $"\"finish_reason\":\"{ours}\"",
        Case.Answer(Operation.ChatCompletions, Wire.Messages, $$"""{"content":[{"type":"text","text":"A"}],"stop_reason":"{{theirs}}"}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("stop", "end_turn")]
    [InlineData("length", "max_tokens")]
    [InlineData("content_filter", "refusal")]
    public void StopReason_OfOpenAI_IsAnthropics(string theirs, string ours) => Assert.Contains(
        $"\"stop_reason\":\"{ours}\"",
        Case.Answer(Operation.Messages, Wire.ChatCompletions, $$"""{"choices":[{"message":{"content":"A"},"finish_reason":"{{theirs}}"}]}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("STOP", "stop")]
    public void StopReason_OfGemini_IsOpenAIs(string theirs, string ours) => Assert.Contains(
        $"\"finish_reason\":\"{ours}\"",
        Case.Answer(Operation.ChatCompletions, Wire.GenerateContent, $$"""{"candidates":[{"content":{"parts":[{"text":"A"}]},"finishReason":"{{theirs}}"}]}"""),
        StringComparison.Ordinal);

    [Fact]
    public void StopText_WhereItIsToldWhich_IsPassedOn() => Assert.Contains(
        "\"stop_reason\":\"end_turn\",\"stop_sequence\":null",
        Case.Answer(Operation.Messages, Wire.Converse, """{"output":{"message":{"content":[{"text":"A"}]}},"stopReason":"stop_sequence"}"""),
        StringComparison.Ordinal);

    [Fact]
    public void Prompt_ThatGeminiBlocked_IsARefusal() => Assert.Contains(
        "\"content\":null,\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"content_filter\"",
        Case.Answer(Operation.ChatCompletions, Wire.GenerateContent, """{"promptFeedback":{"blockReason":"SAFETY"}}"""),
        StringComparison.Ordinal);

    [Fact]
    public void Refusal_OfOpenAI_IsTextThatDeclines() => Assert.Contains(
        "\"content\":[{\"type\":\"text\",\"text\":\"I won't\"}],\"stop_reason\":\"refusal\"",
        Case.Answer(Operation.Messages, Wire.ChatCompletions, """{"choices":[{"message":{"content":null,"refusal":"I won't"},"finish_reason":"stop"}]}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(Wire.Messages, """{"content":[{"type":"server_tool_use","id":"s"}]}""", "holds 'server_tool_use'")]
    [InlineData(Wire.Messages, """{"answer":42}""", "has no content")]
    [InlineData(Wire.Messages, "<html>", "is not valid JSON")]
    [InlineData(Wire.GenerateContent, """{"candidates":[{"content":{"parts":[{"inlineData":{}}]}}]}""", "holds 'inlineData'")]
    [InlineData(Wire.GenerateContent, """{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}""", "because of MALFORMED_FUNCTION_CALL")]
    [InlineData(Wire.GenerateContent, "{}", "has no candidate")]
    [InlineData(Wire.Converse, """{"output":{"message":{"content":[{"video":{}}]}}}""", "holds 'video'")]
    [InlineData(Wire.Converse, "[]", "has no message")]
    public void Answer_ThatCannotBeCarried_IsAProblemAndNotAHalfAnswer(Wire to, string body, string problem)
    {
        Assert.Null(CallTranslation.For(Operation.ChatCompletions, to)!.Answer(Encoding.UTF8.GetBytes(body), Case.Terms, out var said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{"}}]}}]}""")]
    public void Completion_ThatIsBroken_IsAProblem(string body) =>
        Assert.Null(CallTranslation.For(Operation.Messages, Wire.ChatCompletions)!.Answer(Encoding.UTF8.GetBytes(body), Case.Terms, out _));
}
