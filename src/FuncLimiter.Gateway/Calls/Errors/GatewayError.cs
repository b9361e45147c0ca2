using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls.Errors;

/// <summary>An error that FuncLimiter itself answers, before it is put in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">A stable word for machines, for example <c>model_not_found</c>.</param>
/// <param name="Message">What is wrong and what to do, for people.</param>
internal sealed record GatewayError(int Status, string Code, string Message)
{
    /// <summary>The part of the request that is wrong, or null.</summary>
    public string? Parameter { get; init; }

    /// <summary>The budget that binds, where a limit refused the call.</summary>
    public string? Budget { get; init; }

    /// <summary>What the limit that binds counts, where a limit refused the call and that is known.</summary>
    public Dimension? Dimension { get; init; }

    /// <summary>After what time a retry is expected to be taken; null where none can be foreseen.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>False where the same request can't succeed by repeating it.</summary>
    public bool ShouldRetry { get; init; }

    /// <summary>400: the request is wrong.</summary>
    public static GatewayError BadRequest(string code, string message, string? parameter = null) =>
        new(400, code, message) { Parameter = parameter };
}

/// <summary>Writes an error as the caller's own API would, and beside it which budget binds and when to come back.</summary>
internal static class ErrorJson
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

/// <summary>What must be kept can't be written or read at present (a full disk, a locked file): it may pass, and then all goes on by itself.</summary>
internal sealed class StorageUnavailableException : Exception
{
    /// <summary>With what is the matter, as a part of a sentence.</summary>
    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With what is the matter, and what was met.</summary>
    public StorageUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The error that tells a caller of it.</summary>
    /// <param name="reason">What is the matter, as a part of a sentence.</param>
    internal static GatewayError Error(string reason) => new(503, "storage_unavailable", $"FuncLimiter cannot store at present: {reason}. Try again in 5 s.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        ShouldRetry = true,
    };
}
