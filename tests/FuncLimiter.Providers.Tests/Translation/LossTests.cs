using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Translation;

public class LossTests
{
    private const string Hi = """{"role":"user","content":"Hi"}""";
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}""";

    [Theory]
    [InlineData(new byte[] { (byte)'\\', (byte)'u', (byte)'d', (byte)'8', (byte)'0', (byte)'0' })]
    [InlineData(new byte[] { 0xCE })]
    public void NameWithinASchema_ThatIsNoUnicode_IsALoss_AndNoFailure(byte[] broken)
    {
        var body = System.Text.Encoding.UTF8.GetBytes(
            """{"model":"m","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","requ#red":1}}}]}""");
        var at = body.AsSpan().IndexOf((byte)'#');

        var request = TranslatableRequest.Read(Operation.ChatCompletions, (byte[])[.. body[..at], .. broken, .. body[(at + 1)..]]);

        Assert.Contains("Unicode", Assert.Single(request.Losses).ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(CallTranslation.For(Operation.ChatCompletions, Wire.Messages)!.Check(request, ProviderCatalog.Get("anthropic")));
    }

    [Theory]
    [InlineData(Wire.Messages, "\"temperature\":1.4", "temperature: is above 1, the highest of Anthropic's Messages")]
    [InlineData(Wire.Converse, "\"temperature\":1.4", "temperature: is above 1, the highest of Bedrock's Converse")]
    [InlineData(Wire.Messages, "\"temperature\":0.4,\"top_p\":0.9", "top_p: can't be set beside temperature")]
    [InlineData(Wire.Messages, "\"seed\":7", "seed: does not exist in Anthropic's Messages")]
    [InlineData(Wire.Messages, "\"frequency_penalty\":0.5", "frequency_penalty: does not exist")]
    [InlineData(Wire.Converse, "\"presence_penalty\":-1", "presence_penalty: does not exist")]
    [InlineData(Wire.GenerateContent, "\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]", "stop: holds more than 5 texts")]
    [InlineData(Wire.Messages, "\"stop\":\"\\n\"", "stop: holds a text of blanks alone")]
    [InlineData(Wire.Messages, "\"n\":2", "n: can be left out only where it is 1")]
    [InlineData(Wire.Messages, "\"logprobs\":true", "logprobs: can be left out only where it is false")]
    [InlineData(Wire.Messages, "\"logit_bias\":{\"50256\":-100}", "logit_bias: can be left out only where it is empty")]
    [InlineData(Wire.Messages, "\"store\":true", "store: can be left out only where it is false")]
    [InlineData(Wire.Messages, "\"service_tier\":\"flex\"", "service_tier: can be left out only where it is \"auto\" or \"default\"")]
    [InlineData(Wire.Messages, "\"modalities\":[\"text\",\"audio\"]", "modalities: can be left out only where it is [\"text\"]")]
    [InlineData(Wire.Messages, "\"reasoning_effort\":\"high\"", "reasoning_effort: can't be carried over to another API")]
    [InlineData(Wire.GenerateContent, "\"tomorrows_field\":{}", "tomorrows_field: can't be carried over to another API")]
    [InlineData(Wire.Messages, "\"functions\":[]", "functions: can't be carried over to another API")]
    [InlineData(Wire.Messages, "\"stream_options\":{\"new\":1}", "stream_options.new: can't be carried over")]
    [InlineData(Wire.Messages, "\"temperature\":\"hot\"", "temperature: is no number")]
    [InlineData(Wire.Messages, "\"max_tokens\":4096.5", "max_tokens: is no whole number")]
    [InlineData(Wire.Messages, "\"max_tokens\":1,\"max_completion_tokens\":2", "max_completion_tokens: differs from max_tokens")]
    [InlineData(Wire.Messages, "\"response_format\":{\"type\":\"json_object\"}", "response_format: asks for any JSON object")]
    [InlineData(Wire.Converse, "\"response_format\":{\"type\":\"json_object\"}", "response_format: asks for any JSON object")]
    [InlineData(Wire.Messages, "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}},\"additionalProperties\":false}}}", "response_format.schema.properties.a.minimum: is not enforced by Anthropic's Messages")]
    [InlineData(Wire.Messages, "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"object\"}}}", "response_format.schema.additionalProperties: must be false")]
    [InlineData(Wire.GenerateContent, "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"anyOf\":[{\"pattern\":\"a\"}]}}}", "response_format.schema.anyOf[0].pattern: is not enforced by Gemini's generateContent")]
    [InlineData(Wire.GenerateContent, "\"parallel_tool_calls\":false,\"tools\":[" + Tool + "]", "parallel_tool_calls: can't be switched with Gemini's generateContent")]
    [InlineData(Wire.Converse, "\"tool_choice\":\"none\",\"tools\":[" + Tool + "]", "tool_choice: can't forbid calls with Bedrock's Converse")]
    [InlineData(Wire.Messages, "\"tool_choice\":\"required\"", "tool_choice: asks for a call, and there are no tools")]
    [InlineData(Wire.Messages, "\"tool_choice\":{\"type\":\"allowed_tools\"}", "tool_choice: is a choice that can't be carried over")]
    [InlineData(Wire.Messages, "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]", "tools[0].type: \"custom\" is a kind of tool that only OpenAI has")]
    [InlineData(Wire.Messages, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name: must be at most 128 letters, digits, _ and -")]
    [InlineData(Wire.GenerateContent, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true}}]", "tools[0].function.strict: does not exist in Gemini's generateContent")]
    [InlineData(Wire.Messages, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"string\"}}}]", "tools[0].function: has arguments that are not of type \"object\"")]
    public void Chat_WithWhatTheTargetLacks_IsNotEligible(Wire to, string field, string reason) =>
        AssertLost(reason, Case.Losses(Operation.ChatCompletions, to, $$"""{"model":"m","messages":[{{Hi}}],{{field}}}"""));

    [Theory]
    [InlineData(Wire.Messages, Hi + """,{"role":"system","content":"Now rhyme."},""" + Hi, "messages[1]: is an instruction after the first message")]
    [InlineData(Wire.Messages, Hi + """,{"role":"assistant","content":"Well"}""", "messages[1]: is the assistant's, and the last")]
    [InlineData(Wire.Converse, """{"role":"assistant","content":"Well"},""" + Hi, "messages[0]: is the first message and not the user's")]
    [InlineData(Wire.Messages, """{"role":"system","content":"Be brief."}""", "messages: hold nothing but instructions")]
    [InlineData(Wire.Messages, """{"role":"user","content":" "}""", "messages[0].content: is a text without a word")]
    [InlineData(Wire.Messages, """{"role":"user","content":"Hi","name":"ann"}""", "messages[0].name: can't be carried over")]
    [InlineData(Wire.Messages, """{"role":"function","content":"1"},""" + Hi, "messages[0].role: \"function\" can't be carried over")]
    [InlineData(Wire.Messages, """{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}""", "messages[0].content[0]: \"input_audio\" content can't be carried over")]
    [InlineData(Wire.Messages, """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA=="}}]}""", "messages[0].content[0]: is image/tiff")]
    [InlineData(Wire.GenerateContent, """{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}""", "messages[0].content[0]: is an image at an address, which Gemini's generateContent does not fetch")]
    [InlineData(Wire.Converse, """{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}""", "messages[0].content[0]: is an image at an address")]
    [InlineData(Wire.Messages, """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"high"}}]}""", "messages[0].content[0]: names a detail")]
    [InlineData(Wire.Messages, """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,hello"}}]}""", "messages[0].content[0].image_url.url: is a data URL without a media type and base64")]
    [InlineData(Wire.Messages, Hi + """,{"role":"assistant","content":"","refusal":"I won't"},""" + Hi, "messages[1].refusal: can't be carried over")]
    [InlineData(Wire.Messages, Hi + """,{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"[1]"}}]},{"role":"tool","tool_call_id":"c1","content":"1"}""", "messages[1].tool_calls[0].function.arguments: is not the text of a JSON object")]
    [InlineData(Wire.Messages, Hi + """,{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"1"}""", "messages[1].tool_calls[0]: speaks of a tool call, and there are no tools")]
    [InlineData(Wire.GenerateContent, Hi + """,{"role":"tool","tool_call_id":"c9","content":"1"}""", "messages[1]: answers a call that stands nowhere before it")]
    [InlineData(Wire.Messages, Hi + """,{"role":"assistant","tool_calls":[{"id":"c 1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c 1","content":"1"}""", "messages[1].tool_calls[0]: has a call id that must be letters, digits, _ and -")]
    public void Chat_WithMessagesThatTheTargetCannotHold_IsNotEligible(Wire to, string messages, string reason) =>
        AssertLost(reason, Case.Losses(Operation.ChatCompletions, to, $$"""{"model":"m","messages":[{{messages}}]}"""));

    [Theory]
    [InlineData("\"top_k\":5", "top_k: does not exist in OpenAI's chat completions")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}", "thinking: can be left out only where it is of type \"disabled\"")]
    [InlineData("\"stop_sequences\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop_sequences: holds more than 4 texts")]
    [InlineData("\"container\":\"c\"", "container: can't be carried over")]
    [InlineData("\"mcp_servers\":[{}]", "mcp_servers: can be left out only where it is empty")]
    [InlineData("\"metadata\":{\"other\":\"x\"}", "metadata.other: can't be carried over")]
    [InlineData("\"output_config\":{\"effort\":\"low\"}", "output_config.effort: can't be carried over")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "tools[0].type: \"web_search_20250305\" is a tool that only Anthropic has")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"},\"defer_loading\":true}]", "tools[0].defer_loading: can be left out only where it is false")]
    public void Messages_WithWhatOpenAILacks_AreNotEligible(string field, string reason) => AssertLost(
        reason, Case.Losses(Operation.Messages, Wire.ChatCompletions, $$"""{"model":"m","max_tokens":9,"messages":[{{Hi}}],{{field}}}"""));

    [Fact]
    public void Message_ThatWarmsACache_IsNotEligible() => AssertLost(
        "max_tokens: is 0", Case.Losses(Operation.Messages, Wire.ChatCompletions, $$"""{"model":"m","max_tokens":0,"messages":[{{Hi}}]}"""));

    [Theory]
    [InlineData("""{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"}]},""" + Hi, "messages[1].content[0]: a \"thinking\" block can't be carried over")]
    [InlineData("""{"role":"user","content":[{"type":"document","source":{}}]}""", "messages[1].content[0]: a \"document\" block can't be carried over")]
    [InlineData("""{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}""", "messages[1].content[0].source.type: \"file\" is a source that only Anthropic has")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}},{"type":"text","text":"Wait"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"}]}""", "messages[1].content[1]: is text after a tool call")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"text","text":"Well"},{"type":"tool_result","tool_use_id":"c1"}]}""", "messages[2].content[1]: is a tool's result after something else")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":"no"}]}""", "messages[2].content[0]: is marked as a failure")]
    [InlineData("""{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}]}""", "messages[2].content[0].content[0]: is an image in a tool's result")]
    [InlineData("""{"role":"assistant","content":"It is "}""", "messages[1]: is the assistant's, and the last")]
    public void Messages_ThatOpenAICannotHold_AreNotEligible(string messages, string reason) => AssertLost(
        reason, Case.Losses(Operation.Messages, Wire.ChatCompletions, $$"""{"model":"m","max_tokens":9,"messages":[{{Hi}},{{messages}}]}"""));

    [Theory]
    [InlineData("""{"messages":[{"role":"user","role":"user","content":"Hi"}]}""", "the body names a property of some object twice")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", "a string holds escapes that are no Unicode text")]
    [InlineData("""{"messages":[7]}""", "messages[0]: is no object")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}],"top_p":1e999}""", "top_p: is no number")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","\ud800":1}}}]}""", "a string holds escapes that are no Unicode text")]
    public void Body_ThatIsAmbiguous_IsNotEligible(string body, string reason) =>
        AssertLost(reason, Case.Losses(Operation.ChatCompletions, Wire.Messages, body));

    [Theory]
    [InlineData("toolu_01", "messages[1].content[0]: has a call id that must be exactly 9 letters and digits for mistral")]
    [InlineData("a1B2c3D4e", null)]
    public void CallId_WhereAProviderHasItsOwnRule_IsHeldToIt(string id, string? reason)
    {
        var body = """{"max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"ID","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID","content":"1"}]}]}"""
            .Replace("ID", id, StringComparison.Ordinal);
        var losses = Case.Way(Operation.Messages, Wire.ChatCompletions).Check(Case.Read(Operation.Messages, body), ProviderCatalog.Get("mistral"));

        Assert.Equal(reason, losses.Count > 0 ? losses[0].ToString() : null);
    }

    [Fact]
    public void Losses_AreToldUpToABound()
    {
        var fields = string.Join(',', Enumerable.Range(0, 100).Select(number => $"\"x{number}\":1"));
        Assert.Equal(8, Case.Losses(Operation.ChatCompletions, Wire.Messages, $$"""{"messages":[{{Hi}}],{{fields}}}""").Length);
    }

    private static void AssertLost(string reason, string[] losses) =>
        Assert.True(losses.Any(loss => loss.StartsWith(reason, StringComparison.Ordinal)), $"'{reason}' is not in:\n{string.Join('\n', losses)}");
}
