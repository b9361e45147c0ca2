using System.Text;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Providers.Tests.Passing;

public class PassedBodyTests
{
    private static readonly PassedPath Images = PassedPaths.Find("POST", "/v1/images/edits", isAnthropic: false)!;
    private static readonly PassedPath Gemini = PassedPaths.Find("POST", "/v1beta/models/m:generateContent", isAnthropic: false)!;

    [Fact]
    public void With_AnotherModel_ChangesThatAlone()
    {
        var body = Encoding.UTF8.GetBytes("""{ "prompt" : "a \"model\" house", "model":"asked" , "n":2}""");

        Assert.True(PassedBody.TryRead(Images, body, "application/json", out var facts, out var model, out _));

        Assert.Equal(("asked", 2), (facts.Model, facts.Choices));
        Assert.Equal("""{ "prompt" : "a \"model\" house", "model":"named" , "n":2}""", Encoding.UTF8.GetString(model.With(body, "named").Span));
        Assert.Equal(body, model.With(body, "asked").ToArray());
    }

    [Fact]
    public void With_AnotherModelInAForm_ChangesThatFieldAlone()
    {
        const string form = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x\"\r\n\r\nname=\"model\"\r\n\r\nfalse\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nasked\r\n--b--\r\n";
        var body = Encoding.UTF8.GetBytes(form);

        Assert.True(PassedBody.TryRead(Images, body, "multipart/form-data; boundary=\"b\"", out var facts, out var model, out _));

        Assert.Equal("asked", facts.Model);
        Assert.Equal(form.Replace("\r\nasked\r\n", "\r\nnamed\r\n", StringComparison.Ordinal), Encoding.UTF8.GetString(model.With(body, "named").Span));
    }

    [Theory]
    [InlineData("""{"model":"a","model":"b"}""", "application/json")]
    [InlineData("""{"model":"a","model":"b"}""", "text/plain")]
    [InlineData("""{"model":"a" """, "application/json")]
    [InlineData("""{"model":""}""", "application/json")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=model\r\n\r\na\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nb\r\n--b--", "multipart/form-data; boundary=b")]
    public void TryRead_WhereTheModelIsInDoubt_SaysSo(string body, string contentType)
    {
        Assert.False(PassedBody.TryRead(Images, Encoding.UTF8.GetBytes(body), contentType, out _, out _, out var problem));
        Assert.NotNull(problem);
    }

    [Fact]
    public void TryRead_OfGeminisOwnForm_CountsItsTextAndItsBound()
    {
        var body = """{"contents":[{"parts":[{"text":"Say hi."}]}],"generationConfig":{"temperature":0,"maxOutputTokens":20},"model":"other"}"""u8;

        Assert.True(PassedBody.TryRead(Gemini, body, "application/json", out var facts, out var model, out _));

        Assert.Equal((Operation.OtherGeneration, "m", 20L, 7), (facts.Operation, facts.Model, facts.MaxOutputTokens, facts.TextBytes));
        Assert.Equal(0, model.Length);
    }

    [Theory]
    [InlineData("""{"previous_response_id":"resp_1","conversation":{"id":"conv_1"}}""", "resp_1 conv_1")]
    [InlineData("""{"input":[{"content":[{"type":"input_file","file_id":"file-1"},{"type":"input_image","file_id":"file-2"}]}]}""", "file-1 file-2")]
    [InlineData("""{"previous\u005fresponse_id":"resp_1"}""", "resp_1")]
    [InlineData("""{"metadata":{"file_id":"mine"},"tools":[{"parameters":{"properties":{"file_id":{"type":"string"}}}}]}""", "")]
    [InlineData("""{"contents":[{"parts":[{"fileData":{"fileUri":"https://host.example/v1beta/files/abc"}}]}],"cachedContent":"cachedContents/x"}""", "files/abc cachedContents/x")]
    [InlineData("""{"tools":[{"type":"file_search","vector_store_ids":["vs_1","vs_2"]}]}""", "vs_1 vs_2")]
    [InlineData("""{"tools":[{"type":"code_interpreter","container":{"type":"auto","file_ids":["file-1","file-2"]}}]}""", "file-1 file-2")]
    [InlineData("""{"container":{"id":"cntr_1","skills":[{"type":"custom","skill_id":"s"}]}}""", "cntr_1")]
    [InlineData("""{"previous_response_id":null}""", "")]
    public void Named_FindsWhatARequestGoesOnFrom(string body, string ids) =>
        Assert.Equal(ids, string.Join(' ', StateIds.Named(Operation.Responses, Encoding.UTF8.GetBytes(body))));

    [Theory]
    [InlineData("""{"id":"resp_1","object":"response","output":[{"id":"msg_1"}],"conversation":{"id":"conv_1"}}""", true, "resp_1 conv_1")]
    [InlineData("""{"id":"resp_1","store":false}""", true, "")]
    [InlineData("""{"id":"batch_1","output_file_id":"file-o","error_file_id":null}""", false, "file-o")]
    [InlineData("""{"file":{"name":"files/abc"}}""", true, "files/abc")]
    [InlineData("""{"id":"vs_1","name":"my store"}""", true, "vs_1")]
    [InlineData("""[1]""", true, "")]
    public void Made_FindsWhatAnAnswerMade(string body, bool isNew, string ids) =>
        Assert.Equal(ids, string.Join(' ', StateIds.Made(Encoding.UTF8.GetBytes(body), isNew)));

    [Fact]
    public void OfStream_FindsTheResponseAsSoonAsItIsThere()
    {
        var stream = Encoding.UTF8.GetBytes("""
            event: response.created
            data: {"type":"response.created","response":{"id":"resp_1","object":"response"}}
            """);
        var told = Enumerable.Range(0, stream.Length + 1).Select(length => StateIds.OfStream(stream.AsSpan(0, length))).ToArray();

        Assert.Equal(["resp_1"], told.OfType<string>().Distinct());
        Assert.Equal("resp_1", told[^1]);
    }
}
