using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Writes failures as a provider of the caller's dialect would, so that its SDK understands them.</summary>
public static class DialectError
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The status by which a dialect says that there is no capacity.</summary>
    public static int OverloadStatus(Dialect dialect) => dialect == Dialect.Anthropic ? 529 : 503;

    /// <summary>The body of a failure.</summary>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="status">The HTTP status: 400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 529; another reads as its class.</param>
    /// <param name="message">What went wrong and what helps.</param>
    /// <param name="param">The parameter that is wrong, or null.</param>
    /// <param name="code">A word for programs over the status's own, or null.</param>
    /// <param name="details">Writes further properties of the error, or null.</param>
    public static byte[] Body(
        Dialect dialect, int status, string message, string? param = null, string? code = null, Action<Utf8JsonWriter>? details = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        switch (dialect)
        {
            case Dialect.Anthropic:
                json.WriteString("type", "error");
                json.WriteStartObject("error");
                json.WriteString("type", AnthropicType(status));
                json.WriteString("message", param is null || message.Contains(param, StringComparison.Ordinal) ? message : $"{param}: {message}");
                break;
            case Dialect.Azure:
                json.WriteStartObject("error");
                json.WriteString("code", code ?? AzureCode(status));
                json.WriteString("message", message);
                json.WriteString("type", OpenAIType(status));
                json.WriteString("param", param);
                break;
            case Dialect.Google:
                json.WriteStartObject("error");
                json.WriteNumber("code", status);
                json.WriteString("message", message);
                json.WriteString("status", GoogleStatus(status));
                break;
            case Dialect.Bedrock:
                json.WriteString("__type", BedrockType(status));
                json.WriteString("message", message);
                json.WriteStartObject("error");
                json.WriteString("code", code);
                break;
            default:
                json.WriteStartObject("error");
                json.WriteString("message", message);
                json.WriteString("type", OpenAIType(status));
                json.WriteString("param", param);
                json.WriteString("code", code ?? OpenAICode(status));
                break;
        }

        details?.Invoke(json);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The same as an event of a stream that has begun with a 200.</summary>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="status">The status that the failure would have had.</param>
    /// <param name="message">What went wrong and what helps.</param>
    public static byte[] Event(Dialect dialect, int status, string message) => AsEvent(dialect, Body(dialect, status, message));

    /// <summary>A failure's own body as an event of a stream that has begun with a 200; in the usual words where it is no error of any API.</summary>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="status">The status that the failure would have had.</param>
    /// <param name="body">The body that it would have had.</param>
    public static byte[] Event(Dialect dialect, int status, ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind == JsonValueKind.Object && Json.TryGet(document.RootElement, "error", out _))
            {
                // Line breaks of its own would cut the event.
                var line = new ArrayBufferWriter<byte>(body.Length);
                using (var json = new Utf8JsonWriter(line, Options))
                {
                    document.RootElement.WriteTo(json);
                }

                return AsEvent(dialect, line.WrittenSpan);
            }
        }
        catch (JsonException)
        {
            // No JSON: its status is all that can be told.
        }

        return Event(dialect, status, $"The call failed with status {status.ToString(CultureInfo.InvariantCulture)}.");
    }

    private static byte[] AsEvent(Dialect dialect, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> start = dialect == Dialect.Anthropic ? "event: error\ndata: "u8 : "data: "u8;
        return [.. start, .. data, .. "\n\n"u8];
    }

    private static string OpenAIType(int status) => status switch
    {
        429 => "rate_limit_error",
        502 or 503 or 529 => "service_unavailable_error",
        408 or 504 => "timeout_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private static string? OpenAICode(int status) => status switch
    {
        401 => "invalid_api_key",
        403 => "permission_denied",
        404 => "not_found",
        413 => "request_too_large",
        429 => "rate_limit_exceeded",
        502 => "bad_gateway",
        503 or 529 => "server_is_overloaded",
        408 or 504 => "timeout",
        _ => null,
    };

    private static string AzureCode(int status) => status switch
    {
        400 => "BadRequest",
        403 => "Forbidden",
        404 => "DeploymentNotFound",
        413 => "RequestEntityTooLarge",
        429 => "RateLimitReached",
        500 => "InternalServerError",
        502 => "BadGateway",
        503 or 529 => "ServiceUnavailable",
        504 => "Timeout",
        _ => status.ToString(CultureInfo.InvariantCulture),
    };

    // google.rpc.Code, by the HTTP statuses that its documentation maps it to.
    private static string GoogleStatus(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        504 => "DEADLINE_EXCEEDED",
        502 or 503 or 529 => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };

    private static string BedrockType(int status) => status switch
    {
        401 => "UnrecognizedClientException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        502 or 503 or 529 => "ServiceUnavailableException",
        504 => "ModelTimeoutException",
        >= 500 => "InternalServerException",
        _ => "ValidationException",
    };

    private static string AnthropicType(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        408 or 504 => "timeout_error",
        503 or 529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
