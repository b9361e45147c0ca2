using System.Text;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>The names of the headers that are FuncLimiter's own, or that it reads.</summary>
internal static class FuncLimiterHeaders
{
    public const string Priority = "X-Priority";
    public const string User = "X-User";
    public const string Workflow = "X-Workflow";
    public const string Step = "X-Step";
    public const string Run = "X-Run";
    public const string RunClosing = "X-Run-Closing";
    public const string RunLeft = "X-FuncLimiter-Run-Left";
    public const string BudgetWarning = "X-FuncLimiter-Budget-Warning";
    public const string Tenant = "X-Tenant";
    public const string Tier = "X-Tier";
    public const string Prefer = "Prefer";
    public const string IdempotencyKey = "Idempotency-Key";
    public const string Deployment = "X-FuncLimiter-Deployment";
    public const string WaitedMs = "X-FuncLimiter-Waited-Ms";
    public const string Pressure = "X-FuncLimiter-Pressure";
    public const string Reason = "X-FuncLimiter-Reason";
    public const string CostUsd = "X-FuncLimiter-Cost-Usd";
    public const string RateLimit = "RateLimit";
    public const string RateLimitPolicy = "RateLimit-Policy";
    public const string RetryAfterMs = "retry-after-ms";
    public const string ShouldRetry = "x-should-retry";

    /// <summary>In which Claude Code and Codex say what session they are in.</summary>
    public static readonly string[] Sessions = ["x-claude-code-session-id", "session-id", "session_id"];
}

/// <summary>
/// The values of headers in the form in which every server takes them. Anything else (a letter of another alphabet, a control character) makes
/// some throw before a byte has left, and others break the connection off.
/// </summary>
internal static class HeaderText
{
    /// <summary>A value in printable ASCII, the rest of it percent-encoded.</summary>
    /// <param name="isBytes">True where each character stands for one byte, as the framework reads the headers of answers.</param>
    public static string Printable(string value, bool isBytes = false)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return value;
        }

        var text = new StringBuilder(value.Length * 2);
        foreach (var octet in (isBytes ? Encoding.Latin1 : Encoding.UTF8).GetBytes(value))
        {
            _ = octet is >= 0x20 and <= 0x7E or (byte)'\t' ? text.Append((char)octet) : text.Append('%').Append(octet.ToString("X2", null));
        }

        return text.ToString();
    }
}
