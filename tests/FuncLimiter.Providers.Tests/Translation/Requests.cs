using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace FuncLimiter.Providers.Tests.Translation;

/// <summary>Makes up chat requests: turns of every kind, tools, several calls at once, images, and the settings around them.</summary>
internal static class Requests
{
    public static readonly string[] Fragments =
    [
        "{}", "[]", "7", "null", "\"x\"", """{"role":"user"}""", """{"role":"user","content":[]}""", """{"role":"user","content":[7]}""",
        """{"role":"user","content":[{"type":"text"}]}""", """{"role":"user","content":[{"type":"image_url","image_url":"x"}]}""",
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}""", """{"role":7}""",
        """{"role":"assistant","tool_calls":[{}]}""", """{"role":"assistant","tool_calls":[{"type":"function","function":7}]}""",
        """{"role":"tool","content":"x"}""", """{"type":"function","function":{"name":"f","parameters":[]}}""", """{"type":"function"}""",
        """{"role":"system","content":[{"type":"text","text":"x"}]}""", """{"role":"assistant","content":"x","tool_calls":{}}""",
    ];

    private static readonly Gen<string> Word = Gen.Elements("hello", "Grüß Gott", "a \"quoted\" word", "line\nbreak", "日本", "emoji 😀", "back\\slash");

    private static readonly Gen<string> Image = Gen.Elements(
        "data:image/png;base64,iVBORw0KGgo=", "data:image/webp;base64,UklGRg==", "https://x.example/a.jpg?b=c&d");

    private static readonly Gen<string> Schema = Gen.Elements(
        """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}""",
        """{"type":"object","properties":{"b":{"anyOf":[{"type":"string"},{"type":"null"}]}},"additionalProperties":false}""");

    /// <summary>Requests that OpenAI takes.</summary>
    /// <param name="forAll">With all that only OpenAI has; without, only what can go to Anthropic and come back.</param>
    public static Gen<string> Chat(bool forAll) =>
        from system in Gen.Choose(0, forAll ? 2 : 1)
        from turns in Gen.Choose(1, 4)
        from messages in Turns(system, turns, forAll)
        from settings in Settings(forAll)
        select $$"""{"model":"their-model","messages":[{{messages}}]{{settings}}}""";

    /// <summary>The texts of a request as JSON writes them.</summary>
    public static IEnumerable<string> Words(string body)
    {
        using var document = JsonDocument.Parse(body);
        foreach (var message in document.RootElement.GetProperty("messages").EnumerateArray())
        {
            if (message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
            {
                yield return content.GetRawText();
            }
        }
    }

    private static Gen<string> Turns(int system, int turns, bool forAll) =>
        from instructions in Word.ListOf(system)
        from role in Gen.Elements(forAll ? ["system", "developer"] : new[] { "system" })
        from spoken in Turn().ListOf(turns)
        from last in User()
        select string.Join(',', instructions.Select(text => $$"""{"role":"{{role}}","content":{{Quote(text)}}}""")
            .Concat(spoken.Select((turn, index) => turn.Replace("\"call_", $"\"call_{index}_", StringComparison.Ordinal)))
            .Append(last));

    private static Gen<string> Turn() =>
        from question in User()
        from calls in Gen.Choose(0, 3)
        from text in Gen.OneOf(Word.Select(Quote), Gen.Constant("null"))
        from results in Word.ListOf(calls)
        from answer in Word
        select calls == 0
            ? $$"""{{question}},{"role":"assistant","content":{{Quote(answer)}}}"""
            : $$"""{{question}},{"role":"assistant","content":{{text}},"tool_calls":[{{string.Join(',', Enumerable.Range(0, calls).Select(Call))}}]},"""
                + string.Join(',', results.Select((result, index) => $$"""{"role":"tool","tool_call_id":"call_{{index}}","content":{{Quote(result)}}}"""))
                + $$""",{"role":"assistant","content":{{Quote(answer)}}}""";

    private static string Call(int index) =>
        $$$"""{"id":"call_{{{index}}}","type":"function","function":{"name":"get_weather","arguments":{{{Quote(Arguments(index))}}}}}""";

    private static string Arguments(int index) => $$"""{"n":{{index}},"text":"a\"b","x":[1.50,null]}""";

    private static Gen<string> User() => Gen.OneOf(
        Word.Select(text => $$"""{"role":"user","content":{{Quote(text)}}}"""),
        from text in Word
        from images in Image.ListOf(2)
        select $$"""{"role":"user","content":[{"type":"text","text":{{Quote(text)}}},{{string.Join(',', images.Select(url => $$$"""{"type":"image_url","image_url":{"url":{{{Quote(url)}}}}}"""))}}]}""");

    private static Gen<string> Settings(bool forAll) =>
        from schema in Schema
        from strict in Gen.Elements("", ",\"strict\":true", ",\"strict\":false")
        from choice in Gen.Elements("", ",\"tool_choice\":\"auto\"", ",\"tool_choice\":\"required\"", ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}")
        from parallel in Gen.Elements("", ",\"parallel_tool_calls\":false", ",\"parallel_tool_calls\":true")
        from temperature in Gen.Elements("", ",\"temperature\":0", ",\"temperature\":0.25", forAll ? ",\"temperature\":1.75" : ",\"temperature\":1")
        from stop in Gen.Elements("", ",\"stop\":[\"END\"]", ",\"stop\":[\"a\",\"b\"]")
        from only in forAll ? Gen.Elements("", ",\"seed\":7", ",\"frequency_penalty\":0.5,\"presence_penalty\":-0.5", ",\"response_format\":{\"type\":\"json_object\"}", ",\"top_p\":0.5") : Gen.Constant("")
        select $$$""","tools":[{"type":"function","function":{"name":"get_weather","description":"The weather.","parameters":{{{schema}}}{{{strict}}} } }]"""
            + ",\"max_tokens\":200,\"user\":\"u-1\"" + (parallel.Length > 0 && choice.Length == 0 ? ",\"tool_choice\":\"auto\"" : choice)
            + parallel + temperature + stop + only;

    private static string Quote(string text) => JsonSerializer.Serialize(text, Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
