using System.Net;

namespace FuncLimiter.Client;

/// <summary>FuncLimiter refused what it was asked.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">What was wrong, as a word for programs, for example <c>rate_limit_exceeded</c>; null where none was told.</param>
/// <param name="message">What was wrong, in words.</param>
/// <param name="retryAfter">When to come back; null where no time was told.</param>
public sealed class FuncLimiterException(HttpStatusCode status, string? code, string message, TimeSpan? retryAfter) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status => status;

    /// <summary>What was wrong, as a word for programs; null where none was told.</summary>
    public string? Code => code;

    /// <summary>When to come back; null where no time was told.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
