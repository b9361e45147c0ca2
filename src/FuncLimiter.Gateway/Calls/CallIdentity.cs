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
