using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>The keys under which repeats count as one call.</summary>
internal static class IdempotencyKeys
{
    private const int MaxLength = 255;

    /// <summary>Reads the key; null where there is none.</summary>
    public static bool TryRead(IHeaderDictionary headers, out string? key, [NotNullWhen(false)] out GatewayError? error)
    {
        key = headers.TryGetValue(FuncLimiterHeaders.IdempotencyKey, out var value) ? value.ToString().Trim() : null;
        error = key is { Length: 0 or > MaxLength }
            ? GatewayError.BadRequest("invalid_idempotency_key",
                $"Idempotency-Key must have 1 to {MaxLength} characters.", FuncLimiterHeaders.IdempotencyKey)
            : null;
        return error is null;
    }
}
