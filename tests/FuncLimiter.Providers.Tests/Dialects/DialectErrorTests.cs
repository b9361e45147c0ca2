using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Dialects;

public class DialectErrorTests
{
    [Fact]
    public void Body_ForOpenAI_HasAllFourFields() => AssertJson(
        """{"error":{"message":"Too many","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}""",
        DialectError.Body(Dialect.OpenAI, 429, "Too many"));

    [Fact]
    public void Body_ForAzure_LeadsWithTheCode() => AssertJson(
        """{"error":{"code":"RateLimitReached","message":"Too many","type":"rate_limit_error","param":null}}""",
        DialectError.Body(Dialect.Azure, 429, "Too many"));

    [Fact]
    public void Body_ForAnthropic_HasTheErrorsType() => AssertJson(
        """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: must be at least 1"}}""",
        DialectError.Body(Dialect.Anthropic, 400, "must be at least 1", "max_tokens"));

    [Theory]
    [InlineData(400, "invalid_request_error")]
    [InlineData(401, "authentication_error")]
    [InlineData(403, "permission_error")]
    [InlineData(404, "not_found_error")]
    [InlineData(413, "request_too_large")]
    [InlineData(429, "rate_limit_error")]
    [InlineData(500, "api_error")]
    [InlineData(502, "api_error")]
    [InlineData(503, "overloaded_error")]
    [InlineData(504, "timeout_error")]
    [InlineData(529, "overloaded_error")]
    public void Body_ForAnthropic_NamesTheTypeOfEachStatus(int status, string type)
    {
        using var body = JsonDocument.Parse(DialectError.Body(Dialect.Anthropic, status, "m"));
        Assert.Equal(type, body.RootElement.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public void Body_EscapesWhatTheMessageQuotes()
    {
        using var body = JsonDocument.Parse(DialectError.Body(Dialect.OpenAI, 404, "No model \"x\"\n", "model", "model_not_found"));
        var error = body.RootElement.GetProperty("error");
        Assert.Equal(("No model \"x\"\n", "model", "model_not_found"),
            (error.GetProperty("message").GetString(), error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    [Fact]
    public void OverloadStatus_IsTheDialectsOwn() => Assert.Equal(
        (503, 503, 529),
        (DialectError.OverloadStatus(Dialect.OpenAI), DialectError.OverloadStatus(Dialect.Azure), DialectError.OverloadStatus(Dialect.Anthropic)));

    [Fact]
    public void Event_IsOneEventOfTheStream()
    {
        Assert.StartsWith("event: error\ndata: {\"type\":\"error\"", Encoding.UTF8.GetString(DialectError.Event(Dialect.Anthropic, 529, "m")), StringComparison.Ordinal);
        Assert.EndsWith("}}\n\n", Encoding.UTF8.GetString(DialectError.Event(Dialect.OpenAI, 503, "m")), StringComparison.Ordinal);
    }

    private static void AssertJson(string expected, byte[] actual) => Assert.Equal(expected, Encoding.UTF8.GetString(actual));
}
