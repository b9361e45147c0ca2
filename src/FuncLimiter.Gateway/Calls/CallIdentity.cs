namespace FuncLimiter.Gateway.Calls;

/// <summary>
/// What tells a call that is tried again from others of its tenant, so that the place kept for it after a refusal is its own: its
/// idempotency key, else what it sends. Means something in this process only.
/// </summary>
internal static class CallIdentity
{
    // Calls of one fleet begin alike (instructions, tools) and differ in what was said last.
    private const int MostOfBeginning = 512;
    private const int MostOfEnd = 2048;
    private const string RetryCount = "x-stainless-retry-count";

    /// <summary>
    /// Whether the caller says that it tries again; null where it doesn't say. The official OpenAI and Anthropic clients count their retries
    /// (https://github.com/openai/openai-python, <c>_base_client.py</c>, 2026-11-28).
    /// </summary>
    public static bool? IsBack(CallEnvelope call)
    {
        foreach (var (name, value) in call.Headers)
        {
            if (name.Equals(RetryCount, StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(value, out var count) ? count > 0 : null;
            }
        }

        return null;
    }

    /// <summary>Never 0.</summary>
    public static long Of(CallEnvelope call)
    {
        var hash = default(HashCode);
        hash.Add(call.Caller.User, StringComparer.Ordinal);
        if (call.IdempotencyKey is { } key)
        {
            hash.Add(key, StringComparer.Ordinal);
        }
        else
        {
            var body = call.Body.Span;
            hash.Add(body.Length);
            hash.AddBytes(body[..Math.Min(body.Length, MostOfBeginning)]);
            hash.AddBytes(body[Math.Max(0, body.Length - MostOfEnd)..]);
        }

        return 1 + (long)(uint)hash.ToHashCode();
    }
}
