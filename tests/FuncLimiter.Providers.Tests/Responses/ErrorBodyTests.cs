using System.Text;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

public class ErrorBodyTests
{
    [Theory]
    [InlineData("""{"error":{"message":"m","type":"t","code":"c","status":"s"}}""", "m", "t", "c", "s")]
    [InlineData("""{"error":{"message":"m","code":429}}""", "m", null, "429", null)]
    [InlineData("""[{"error":{"message":"m","status":"s"}}]""", "m", null, null, "s")]
    [InlineData("""{"type":"error","error":{"type":"t","message":"m"}}""", "m", "t", null, null)]
    [InlineData("""{"message":"m","type":"t","code":"c"}""", "m", "t", "c", null)]
    [InlineData("""{"code":"c","error":"m"}""", "m", null, "c", null)]
    [InlineData("""{"detail":"m"}""", "m", null, null, null)]
    [InlineData("""{"Message":"m"}""", "m", null, null, null)]
    [InlineData("""{"response":{"error":{"message":"m","code":"c"}}}""", "m", null, "c", null)]
    [InlineData("""{"error":{"message":"{\"error\":{\"message\":\"m\",\"status\":\"s\"}}","code":1}}""", "m", null, null, "s")]
    [InlineData("\"m\"", "\"m\"", null, null, null)]
    [InlineData("plain words", "plain words", null, null, null)]
    [InlineData("", null, null, null, null)]
    [InlineData("[]", null, null, null, null)]
    public void Parse_OfEachShape_FindsTheWords(string body, string? message, string? type, string? code, string? status)
    {
        var error = ErrorBody.Parse(Encoding.UTF8.GetBytes(body));

        Assert.Equal((message, type, code, status), (error.Message, error.Type, error.Code, error.Status));
    }

    [Fact]
    public void Parse_OfMessagesNestedWithoutEnd_Stops()
    {
        var body = """{"error":{"message":"the last"}}""";
        for (var i = 0; i < 12; i++)
        {
            body = $$$"""{"error":{"message":"{{{body.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}}}"}}""";
        }

        Assert.StartsWith("{\"error\"", ErrorBody.Parse(Encoding.UTF8.GetBytes(body)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfAHugeText_KeepsItsBeginning()
    {
        var error = ErrorBody.Parse(Encoding.UTF8.GetBytes("{\"error\":\"" + new string('x', 10_000_000)));

        Assert.Equal(4096, error.Message!.Length);
    }
}
