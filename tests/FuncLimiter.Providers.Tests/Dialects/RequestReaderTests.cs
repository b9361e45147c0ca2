using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Dialects;

public class RequestReaderTests
{
    private const string Chat = """{"model":"gpt-x","messages":[{"role":"user","content":"Hello"}]}""";

    [Fact]
    public void TryRead_OfAChat_FindsTheModelsBytes()
    {
        var facts = Read(Operation.ChatCompletions, """{ "messages":[{"role":"user","content":"Hi"}], "model" : "gpt-x" , "stream":true}""");

        Assert.Equal("gpt-x", facts.Model);
        Assert.Equal("\"gpt-x\"", Cut("""{ "messages":[{"role":"user","content":"Hi"}], "model" : "gpt-x" , "stream":true}""", facts));
        Assert.True(facts.Stream);
        Assert.Null(facts.MaxOutputTokens);
        Assert.Equal(1, facts.Choices);
    }

    [Fact]
    public void TryRead_WhenAByteOrderMarkLeads_CountsItInTheOffset()
    {
        var body = "\uFEFF" + Chat;
        var facts = Read(Operation.ChatCompletions, body);

        Assert.Equal("\"gpt-x\"", Cut(body, facts));
    }

    [Fact]
    public void TryRead_WhenThePathNamesTheModel_NeedsNoneInTheBody()
    {
        Assert.True(RequestReader.TryRead(
            Operation.ChatCompletions, """{"messages":[{"role":"user","content":"Hi"}]}"""u8, "my-deployment", out var facts, out _));

        Assert.Equal(("my-deployment", 0, 0), (facts.Model, facts.ModelOffset, facts.ModelLength));
    }

    [Theory]
    [InlineData("\"max_tokens\":7", 7)]
    [InlineData("\"max_completion_tokens\":7", 7)]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":7", 7)]
    [InlineData("\"max_tokens\":null", null)]
    public void TryRead_TakesTheBoundOnOutput(string property, int? expected) =>
        Assert.Equal(expected, Read(Operation.ChatCompletions, Chat[..^1] + "," + property + "}").MaxOutputTokens);

    [Theory]
    [InlineData("""\ud83d\ude00\uD83D\uDE00 \n \u00e9""")]
    [InlineData("""\ud83d""")]
    [InlineData("""\\ud83d and \\\\uDE00""")]
    public void TryRead_TakesTexts_HoweverTheyAreEscaped(string text) =>
        Assert.Equal("gpt-x", Read(Operation.ChatCompletions, Chat[..^1] + $",\"metadata\":{{\"a\":\"{text}\"}}}}").Model);

    [Theory]
    [InlineData("\"n\":3", 3)]
    [InlineData("\"best_of\":4,\"n\":2", 4)]
    [InlineData("\"n\":null", 1)]
    public void TryRead_CountsTheChoices(string property, int expected) =>
        Assert.Equal(expected, Read(Operation.ChatCompletions, Chat[..^1] + "," + property + "}").Choices);

    [Fact]
    public void TryRead_CountsTextOnceItsEscapesAreResolved()
    {
        // "a\n" is 2 bytes, "中" 3, "é" 2 (counted as 3 where it is escaped), the tool as it is written.
        var facts = Read(
            Operation.ChatCompletions,
            """{"model":"m","messages":[{"role":"user","content":"a\n"},{"role":"user","content":[{"type":"text","text":"\u4e2d中"}]}],"tools":[{"a":1}]}""");

        Assert.Equal(2 + 3 + 3 + """[{"a":1}]""".Length, facts.TextBytes);
    }

    [Fact]
    public void TryRead_LeavesEncodedMediaOutAndCountsImages()
    {
        var image = "data:image/png;base64," + new string('A', 5000);
        var facts = Read(
            Operation.ChatCompletions,
            $$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"{{{image}}}"}}]}]}""");

        Assert.Equal((4, 1), (facts.TextBytes, facts.Images));
    }

    [Fact]
    public void TryRead_OfAnAnthropicMessage_CountsSystemAndDocumentsButNotImages()
    {
        var facts = Read(
            Operation.Messages,
            $$$"""
            {"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be brief"}],"messages":[{"role":"user","content":[
              {"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{new string('A', 4000)}}}"}},
              {"type":"document","source":{"type":"text","media_type":"text/plain","data":"Some words to read"}}]}]}
            """);

        Assert.Equal((8 + 18, 1, 9L), (facts.TextBytes, facts.Images, facts.MaxOutputTokens!.Value));
    }

    public static TheoryData<string> Wrappings => ["plain", "\\/", "\\u002F", "\\n", "\\r\\n", " "];

    [Theory]
    [MemberData(nameof(Wrappings))]
    public void TryRead_LeavesMediaOutHoweverItsBase64IsWritten(string wrapping)
    {
        var base64 = Convert.ToBase64String(RandomNumberGenerator.GetBytes(60_000));
        var written = wrapping switch
        {
            "plain" => base64,
            "\\/" or "\\u002F" => base64.Replace("/", wrapping, StringComparison.Ordinal).Replace("+", "\\u002B", StringComparison.Ordinal),
            _ => string.Join(wrapping, base64.Chunk(64).Select(line => new string(line))),
        };
        foreach (var (operation, part) in MediaParts(written))
        {
            var list = operation == Operation.Responses ? "input" : "messages";
            var facts = Read(operation, $$$"""{"model":"m","max_tokens":9,"{{{list}}}":[{"role":"user","content":[{{{part}}}]}]}""");

            Assert.True(facts.TextBytes < 100, $"{facts.TextBytes} bytes of text: {part[..100]}");
            Assert.True(facts.Images == 1, part[..100]);
        }
    }

    [Theory]
    [InlineData("either\\/or, and so on\\n")]
    [InlineData("word\\nlist\\nwithout\\nblanks\\n")]
    [InlineData("Lines,of,a;table|without;blanks")]
    [InlineData("\u4e2d\u6587\u6ca1\u6709\u7a7a\u683c")]
    public void TryRead_CountsLongTextWhereMediaMayStand(string words)
    {
        var text = string.Concat(Enumerable.Repeat(words, 1_000));
        foreach (var head in (string[])["", "data: ", "http is a protocol "])
        {
            var facts = Read(
                Operation.Messages,
                $$$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"{{{head}}}{{{text}}}"}}]}]}""");

            Assert.InRange(facts.TextBytes, text.Length / 2, (text.Length * 3) + 100);
        }
    }

    [Theory]
    [InlineData("4096.0", 4096L)]
    [InlineData("4.096e3", 4096L)]
    [InlineData("-1", null)]
    public void TryRead_TakesBoundsAsServersThatFollowOpenAIDo(string written, long? most) =>
        Assert.Equal(most, Read(Operation.ChatCompletions, $$"""{"model":"m","messages":[{"a":1}],"max_tokens":{{written}}}""").MaxOutputTokens);

    [Fact]
    public void TryRead_TakesAMessageOfNoTokens() =>
        Assert.Equal(0, Read(Operation.Messages, """{"model":"m","messages":[{"a":1}],"max_tokens":0}""").MaxOutputTokens);

    private static IEnumerable<(Operation Operation, string Part)> MediaParts(string data)
    {
        yield return (Operation.Messages, $$$"""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{data}}}"}}""");
        yield return (Operation.Messages, $$$"""{"source":{"data":"{{{data}}}","media_type":"application/pdf","type":"base64"},"type":"document"}""");
        yield return (Operation.Messages, $$$$"""{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{{data}}}}"}}]}""");
        yield return (Operation.ChatCompletions, $$$"""{"type":"image_url","image_url":{"url":"data:image\/png;base64,{{{data}}}"}}""");
        yield return (Operation.ChatCompletions, $$$"""{"type":"input_audio","input_audio":{"data":"{{{data}}}","format":"wav"}}""");
        yield return (Operation.ChatCompletions, $$$"""{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,{{{data}}}"}}""");
        yield return (Operation.Responses, $$"""{"type":"input_image","image_url":"data:image/png;base64,{{data}}"}""");
        yield return (Operation.Responses, $$"""{"type":"input_file","filename":"a.pdf","file_data":"{{data}}"}""");
        yield return (Operation.Responses, $$"""{"type":"image_generation_call","id":"ig_1","status":"completed","result":"{{data}}"}""");
        yield return (Operation.Responses, $$$"""{"type":"computer_call_output","call_id":"c","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,{{{data}}}"}}""");
    }

    [Fact]
    public void TryRead_OfTokenIds_CountsEachAsFourBytes() =>
        Assert.Equal(12, Read(Operation.Embeddings, """{"model":"m","input":[[1,2],[3]]}""").TextBytes);

    [Theory]
    [InlineData(Operation.ChatCompletions, "", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, "[]", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{}],}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}]} {}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"\ud800","messages":[{"a":1}]}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_us\ud800":false}}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"Hi"}],"metadata":{"\ud83dx\ude00":"a"}}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"Hi"}],"metadata":{"\uDE00":1}}""", null, "invalid_json")]
    [InlineData(Operation.ChatCompletions, """{"messages":[{"a":1}]}""", "model", "missing_required_parameter")]
    [InlineData(Operation.ChatCompletions, """{"model":7,"messages":[{"a":1}]}""", "model", "invalid_type")]
    [InlineData(Operation.ChatCompletions, """{"model":" ","messages":[{"a":1}]}""", "model", "invalid_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m"}""", "messages", "missing_required_parameter")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":"Hi"}""", "messages", "invalid_type")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[]}""", "messages", "empty_array")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_tokens":0}""", "max_tokens", "integer_below_min_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_completion_tokens":-5}""", "max_completion_tokens", "integer_below_min_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_tokens":99999999999999999999999}""", "max_tokens", "integer_above_max_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_tokens":-99999999999999999999999}""", "max_tokens", "integer_below_min_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_tokens":1e99}""", "max_tokens", "invalid_type")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"max_tokens":"9"}""", "max_tokens", "invalid_type")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"n":0}""", "n", "integer_below_min_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"n":5000}""", "n", "integer_above_max_value")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"stream":"yes"}""", "stream", "invalid_type")]
    [InlineData(Operation.ChatCompletions, """{"model":"m","messages":[{"a":1}],"mod\u0065l":"other"}""", "model", null)]
    [InlineData(Operation.Messages, """{"model":"m","messages":[{"a":1}]}""", "max_tokens", "missing_required_parameter")]
    [InlineData(Operation.Embeddings, """{"model":"m"}""", "input", "missing_required_parameter")]
    [InlineData(Operation.Responses, """{"model":"m"}""", "input", "missing_required_parameter")]
    public void TryRead_OfAMistake_NamesTheParameter(Operation operation, string body, string? param, string? code)
    {
        Assert.False(RequestReader.TryRead(operation, Encoding.UTF8.GetBytes(body), null, out var facts, out var problem));

        Assert.Null(facts);
        Assert.Equal(param, problem.Param);
        Assert.Equal(code ?? "duplicate_parameter", problem.Code);
        Assert.Contains(param ?? "JSON", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_WhenNestedDeeperThanTheBound_Refuses()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000));
        var body = $$"""{"model":"m","messages":[{"content":{{deep}}""";

        Assert.False(RequestReader.TryRead(Operation.ChatCompletions, Encoding.UTF8.GetBytes(body), null, out _, out var problem));
        Assert.Contains("128", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_WhenAResponseContinuesAnotherOne_NeedsNoInput() =>
        Assert.Equal("m", Read(Operation.Responses, """{"model":"m","previous_response_id":"resp_1"}""").Model);

    private static RequestFacts Read(Operation operation, string body)
    {
        Assert.True(RequestReader.TryRead(operation, Encoding.UTF8.GetBytes(body), null, out var facts, out var problem), problem?.Message);
        return facts;
    }

    private static string Cut(string body, RequestFacts facts) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(body).AsSpan(facts.ModelOffset, facts.ModelLength));

    [Theory]
    [InlineData(4_095, 0)]
    [InlineData(4_096, 1)]
    [InlineData(8_191, 1)]
    [InlineData(8_192, 2)]
    [InlineData(400_000, 6)]
    public void Prefixes_AreOneForEachDoubledLengthThatThePromptHas(int bytes, int expected) => Assert.Equal(expected, PrefixesOf(new string('x', bytes)).Count);

    [Fact]
    public void Prefixes_OfPromptsThatPartLater_AreTheSameUntilThen()
    {
        var common = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"word {i} "));
        var (one, other) = (PrefixesOf(common + new string('a', 20_000)), PrefixesOf(common + new string('b', 20_000)));

        // 18,890 bytes are common: those of the first 4, 8 and 16 KiB.
        Assert.Equal(one.Take(3), other.Take(3));
        Assert.NotEqual(one[3], other[3]);
    }

    private static IReadOnlyList<long> PrefixesOf(string prompt)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "m", messages = new[] { new { role = "user", content = prompt } } });
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, body, null, out var facts, out _));
        return facts.Prefixes;
    }
}
