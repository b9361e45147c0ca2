using System.Text.Json;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Errors;

/// <summary>Writes an error as the caller's own API would, and beside it which budget binds and when to come back.</summary>
internal static class ErrorBody
{
    /// <summary>The status in the caller's dialect: Anthropic has its own for want of capacity.</summary>
    public static int Status(Dialect dialect, GatewayError error) =>
        error.Status == 503 ? DialectError.OverloadStatus(dialect) : error.Status;

    /// <summary>The body in the caller's dialect, as UTF-8 JSON.</summary>
    public static byte[] Write(Dialect dialect, GatewayError error) => DialectError.Body(
        dialect, Status(dialect, error), error.Message, error.Parameter, error.Code, error.Budget is null ? null : json => WriteReason(json, error));

    private static void WriteReason(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteString("reason"u8, error.Code);
        json.WriteString("budget"u8, error.Budget);
        if (error.Dimension is { } dimension)
        {
            json.WriteString("dimension"u8, DimensionName.Of(dimension));
        }

        if (error.RetryAfter is { } retryAfter)
        {
            json.WriteNumber("retry_after_ms"u8, (long)Math.Ceiling(retryAfter.TotalMilliseconds));
        }
    }
}
