using System.Buffers;
using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Errors;

/// <summary>Writes an error as the caller's own API would.</summary>
internal static class ErrorBody
{
    private const int Overloaded = 529;

    /// <summary>The status in the caller's dialect: Anthropic has its own for want of capacity.</summary>
    public static int Status(Dialect dialect, GatewayError error) =>
        dialect == Dialect.Anthropic && error.Status == 503 ? Overloaded : error.Status;

    /// <summary>The body in the caller's dialect, as UTF-8 JSON.</summary>
    public static ReadOnlyMemory<byte> Write(Dialect dialect, GatewayError error)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (dialect == Dialect.Anthropic)
            {
                json.WriteString("type"u8, "error"u8);
            }

            json.WriteStartObject("error"u8);
            json.WriteString("type"u8, dialect == Dialect.Anthropic ? AnthropicType(Status(dialect, error)) : OpenAIType(error));
            if (dialect != Dialect.Anthropic)
            {
                json.WriteString("code"u8, error.Code);
                json.WriteString("param"u8, error.Parameter);
            }

            json.WriteString("message"u8, error.Message);
            WriteReason(json, error);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteReason(Utf8JsonWriter json, GatewayError error)
    {
        if (error.Budget is null)
        {
            return;
        }

        json.WriteString("reason"u8, error.Code);
        json.WriteString("budget"u8, error.Budget);
        if (error.RetryAfter is { } retryAfter)
        {
            json.WriteNumber("retry_after_ms"u8, (long)Math.Ceiling(retryAfter.TotalMilliseconds));
        }
    }

    private static string OpenAIType(GatewayError error) => error.Status switch
    {
        429 => "rate_limit_error",
        503 => "service_unavailable_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private static string AnthropicType(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        Overloaded => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
