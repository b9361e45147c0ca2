using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

public class RequestTranslationTests
{
    private const string Both = "\"parallel_tool_calls\":false,";
    private const string Single = ",\"disable_parallel_tool_use\":true";

    [Theory]
    [InlineData(Operation.ChatCompletions, Wire.Messages, Bodies.Chat, Bodies.Messages)]
    [InlineData(Operation.Messages, Wire.ChatCompletions, Bodies.Messages, Bodies.Chat)]
    public void Request_WithEverything_IsTheSameConversationThere(Operation from, Wire to, string body, string expected) =>
        Case.SameJson(expected, Case.Request(from, to, body));

    [Theory]
    [InlineData(Operation.ChatCompletions, Wire.GenerateContent, Bodies.Chat, Bodies.GenerateContent)]
    [InlineData(Operation.ChatCompletions, Wire.Converse, Bodies.Chat, Bodies.Converse)]
    [InlineData(Operation.Messages, Wire.GenerateContent, Bodies.Messages, Bodies.GenerateContent)]
    [InlineData(Operation.Messages, Wire.Converse, Bodies.Messages, Bodies.Converse)]
    public void Request_WithSeveralCallsAllowed_IsTheSameConversationThere(Operation from, Wire to, string body, string expected) =>
        Case.SameJson(expected, Case.Request(from, to, body.Replace(Both, "", StringComparison.Ordinal).Replace(Single, "", StringComparison.Ordinal)));

    [Theory]
    [InlineData(Wire.Messages, "\"max_tokens\":64000")]
    [InlineData(Wire.GenerateContent, "\"generationConfig\":{}")]
    [InlineData(Wire.Converse, "\"inferenceConfig\":{}")]
    public void OutputBound_WhenNotSet_IsNamedOnlyWhereItMustBe(Wire to, string expected) => Assert.Contains(
        expected,
        Case.Request(Operation.ChatCompletions, to, """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", new RequestTerms("claude-sonnet-4-5")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("claude-sonnet-4-5-20250929", 64_000)]
    [InlineData("claude-opus-4-1", 32_000)]
    [InlineData("claude-3-5-haiku-latest", 8_192)]
    [InlineData("claude-3-opus-20240229", 4_096)]
    [InlineData("smart", 4_096)]
    public void OutputBound_OfAnthropic_IsTheModelsOwn(string model, long expected) => Assert.Contains(
        $"\"max_tokens\":{expected},",
        Case.Request(Operation.ChatCompletions, Wire.Messages, """{"messages":[{"role":"user","content":"Hi"}]}""", new RequestTerms(model)),
        StringComparison.Ordinal);

    [Fact]
    public void OutputBound_ForOpenAIItself_HasItsNewerName() => Case.SameJson(
        """{"model":"gpt","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":9}""",
        Case.Request(
            Operation.Messages,
            Wire.ChatCompletions,
            """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""",
            new RequestTerms("gpt") { MaxTokensField = "max_completion_tokens" }));

    [Theory]
    [InlineData("\"temperature\":0.5,\"top_p\":1", "\"temperature\":0.5", "top")]
    [InlineData("\"temperature\":1,\"top_p\":0.9", "\"top_p\":0.9", "temperature")]
    public void Sampling_WithOneThatSaysNothing_IsTheOther(string given, string expected, string absent)
    {
        var body = """{"messages":[{"role":"user","content":"Hi"}],""" + given + "}";

        Assert.Contains(expected, Case.Request(Operation.ChatCompletions, Wire.Messages, body), StringComparison.Ordinal);
        Assert.DoesNotContain(absent, Case.Request(Operation.ChatCompletions, Wire.Messages, body), StringComparison.Ordinal);
        Assert.DoesNotContain(absent, Case.Request(Operation.ChatCompletions, Wire.Converse, body), StringComparison.Ordinal);
    }

    [Fact]
    public void User_WhereAProviderRefusesToBeTold_IsLeftOut() => Assert.DoesNotContain(
        "u-1",
        Case.Request(Operation.Messages, Wire.ChatCompletions, Bodies.Messages, new RequestTerms("mistral") { NamesEndUser = false }),
        StringComparison.Ordinal);

    [Fact]
    public void Stream_FromAnthropic_AsksForItsUsage() => Case.SameJson(
        """{"model":"gpt","messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"stream":true,"stream_options":{"include_usage":true}}""",
        Case.Request(
            Operation.Messages,
            Wire.ChatCompletions,
            """{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""",
            new RequestTerms("gpt") { AsksForStreamUsage = true }));

    [Theory]
    [InlineData("\"auto\"", """{"type":"auto"}""")]
    [InlineData("\"none\"", """{"type":"none"}""")]
    [InlineData("\"required\"", """{"type":"any"}""")]
    [InlineData("""{"type":"function","function":{"name":"f"}}""", """{"type":"tool","name":"f"}""")]
    public void ToolChoice_InBothDirections_IsTheSame(string chat, string messages)
    {
        var body = """{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":""" + chat + "}";
        var there = Case.Request(Operation.ChatCompletions, Wire.Messages, body);
        Assert.Contains($"\"tool_choice\":{messages}", there, StringComparison.Ordinal);
        Assert.Contains("\"input_schema\":{\"type\":\"object\",\"properties\":{}}", there, StringComparison.Ordinal);
        Assert.Contains($"\"tool_choice\":{chat}", Case.Request(Operation.Messages, Wire.ChatCompletions, there), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Wire.Messages, "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":SCHEMA}}")]
    [InlineData(Wire.GenerateContent, "\"responseMimeType\":\"application/json\",\"responseJsonSchema\":SCHEMA")]
    [InlineData(Wire.Converse, "\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{\"schema\":\"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{},\\\"additionalProperties\\\":false}\",\"name\":\"n\"}}}")]
    public void Schema_OfTheAnswer_IsEachApisOwn(Wire to, string expected)
    {
        const string schema = """{"type":"object","properties":{},"additionalProperties":false}""";
        var body = """{"messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":""" + schema + "}}}";
        Assert.Contains(expected.Replace("SCHEMA", schema, StringComparison.Ordinal), Case.Request(Operation.ChatCompletions, to, body), StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_FromAnthropic_GetsTheNameThatOpenAIWants() => Assert.Contains(
        """
        "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},"strict":true}}
        """,
        Case.Request(
            Operation.Messages,
            Wire.ChatCompletions,
            """{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(Operation.ChatCompletions, Wire.Messages, """{"type":"image_url","image_url":{"url":"https://x.example/a.png","detail":"auto"}}""", """{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}""")]
    [InlineData(Operation.Messages, Wire.ChatCompletions, """{"type":"image","source":{"type":"url","url":"https://x.example/a.png"},"cache_control":{"type":"ephemeral"}}""", """{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}""")]
    public void Image_AtAnAddress_KeepsIt(Operation from, Wire to, string part, string expected) => Assert.Contains(
        expected,
        Case.Request(from, to, """{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"Look"},""" + part + "]}]}"),
        StringComparison.Ordinal);

    [Fact]
    public void Result_ThatFailedOrShowsAnImage_StaysOneWhereItCan() => Case.SameJson(
        """{"messages":[{"role":"user","content":[{"text":"Hi"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"no"},{"image":{"format":"jpeg","source":{"bytes":"AA=="}}}],"status":"error"}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]},"inferenceConfig":{"maxTokens":9}}""",
        Case.Request(
            Operation.Messages,
            Wire.Converse,
            """{"max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA=="}}]}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}"""));

    [Theory]
    [InlineData("us.anthropic.claude-sonnet-4-5", 4)]
    [InlineData("meta.llama3", 0)]
    public void CacheControl_OnBedrock_IsAPointWhereTheModelTakesOne(string model, int points)
    {
        const string body = """{"max_tokens":9,"system":[{"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1","cache_control":{"type":"ephemeral"}}]}],"tools":[{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}]}""";
        var there = Case.Request(Operation.Messages, Wire.Converse, body, new RequestTerms(model));

        Assert.Equal(points, there.Split("{\"cachePoint\":{\"type\":\"default\"}}").Length - 1);
        Assert.Equal(points > 0, there.Contains("\"system\":[{\"text\":\"Long.\"},{\"cachePoint\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Message_PushedBackFromASdk_LosesNothing()
    {
        // What the openai package's answer holds beside the text, when it is sent back as it is.
        const string chat = """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello","refusal":null,"annotations":[],"audio":null,"function_call":null},{"role":"user","content":"Go on"}],"n":1,"store":false,"logprobs":null}""";
        Assert.Empty(Case.Losses(Operation.ChatCompletions, Wire.Messages, chat));

        // And what Anthropic's does.
        const string messages = """{"max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"text","text":"Hello","citations":null},{"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok","cache_control":{"type":"ephemeral"}}]}],"tools":[{"name":"f","input_schema":{"type":"object"},"type":"custom"}],"thinking":{"type":"disabled"}}""";
        Assert.Empty(Case.Losses(Operation.Messages, Wire.ChatCompletions, messages));
    }

    [Fact]
    public void Schema_OfATool_KeepsItsLetters() => Assert.Contains(
        """
        "input_schema":{"type":"object", "description":"\ud800 \u00e9","maximum":1.50}
        """,
        Case.Request(
            Operation.ChatCompletions,
            Wire.Messages,
            """{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object", "description":"\ud800 \u00e9","maximum":1.50}}}]}"""),
        StringComparison.Ordinal);

    [Fact]
    public void Body_WithAByteOrderMark_IsRead() => Assert.Empty(
        Case.Losses(Operation.ChatCompletions, Wire.Messages, "\uFEFF{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"));

    [Theory]
    [InlineData(Operation.ChatCompletions, Wire.ChatCompletions)]
    [InlineData(Operation.Messages, Wire.Messages)]
    [InlineData(Operation.Responses, Wire.Messages)]
    [InlineData(Operation.Embeddings, Wire.GenerateContent)]
    [InlineData(Operation.CountTokens, Wire.ChatCompletions)]
    public void Way_WhereThereIsNone_IsNull(Operation from, Wire to) => Assert.Null(CallTranslation.For(from, to));
}
