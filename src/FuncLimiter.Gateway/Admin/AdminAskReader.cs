using FuncLimiter.Gateway.Configuration.Reading;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http;

namespace FuncLimiter.Gateway.Admin;

/// <summary>Makes a change of what an operator asked for, or says what is missing.</summary>
internal static class AdminAskReader
{
    private const double LongestPauseSeconds = 7 * 24 * 3600;
    private const double LeastWeight = 1e-6;
    private const double MostWeight = 1_000_000;
    private const double LongestWindowSeconds = 31 * 24 * 3600;
    private const int MostReason = 200;
    private const int HashLength = 64;

    /// <summary>The change that a path and its body ask for.</summary>
    public static AdminChange? Read(string path, AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        error = ask.Reason?.Length > MostReason ? Wrong("reason", $"'reason' must have at most {MostReason} characters.") : null;
        return error is not null ? null : path switch
        {
            EndpointPaths.AdminPauses => Pause(ask, now, out error),
            EndpointPaths.AdminLimits => Limit(ask, out error),
            EndpointPaths.AdminWeights => Weight(ask, out error),
            _ => Revocation(ask, out error),
        };
    }

    private static PauseChange? Pause(AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a budget's name, for example \"deployment:openai-east/gpt-x\" or \"tenant:acme\".")
            : ask.Seconds is not (>= 0 and <= LongestPauseSeconds) ? Wrong("seconds", $"'seconds' must be 0, to open it, to {LongestPauseSeconds}.")
            : null;
        return error is null ? new PauseChange(ask.Scope!, now.AddSeconds(ask.Seconds!.Value)) : null;
    }

    private static LimitChange? Limit(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Scope) ? Wrong("scope", "'scope' must be a budget's name, for example \"deployment:openai-east/gpt-x\".")
            : ask.Dimension is null || !DimensionNames.TryParse(ask.Dimension, out _) ? Wrong("dimension", "'dimension' must be requests, tokens, inputTokens, outputTokens or concurrent.")
            : ask.WindowSeconds is not (>= 0 and <= LongestWindowSeconds) ? Wrong("windowSeconds", "'windowSeconds' must be the limit's window, 60 for a minute.")
            : ask.Amount is not (>= 1 and <= LimitsReader.MostAmount) ? Wrong("amount", $"'amount' must be a whole number from 1 to {LimitsReader.MostAmount}.")
            : null;
        return error is null ? new LimitChange(ask.Scope!, ask.Dimension!, ask.WindowSeconds!.Value, ask.Amount!.Value) : null;
    }

    private static WeightChange? Weight(AdminAsk ask, out GatewayError? error)
    {
        error = string.IsNullOrEmpty(ask.Tenant) ? Wrong("tenant", "'tenant' must be a tenant's id.")
            : ask.Weight is not (>= LeastWeight and <= MostWeight) ? Wrong("weight", FormattableString.Invariant($"'weight' must be {LeastWeight:0.######} to {MostWeight}."))
            : null;
        return error is null ? new WeightChange(ask.Tenant!, ask.Weight!.Value) : null;
    }

    private static RevocationChange? Revocation(AdminAsk ask, out GatewayError? error)
    {
        const string prefix = "sha256:";
        var hash = ask.Hash?.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) == true ? ask.Hash[prefix.Length..] : ask.Hash;
        error = string.IsNullOrEmpty(ask.Tenant) ? Wrong("tenant", "'tenant' must be the tenant's id whose key it is.")
            : hash is not { Length: HashLength } || !hash.All(char.IsAsciiHexDigit) ? Wrong("hash", "'hash' must be the key's SHA-256, as the configuration has it.")
            : null;
        return error is null ? new RevocationChange(ask.Tenant!, hash!.ToLowerInvariant()) : null;
    }

    private static GatewayError Wrong(string parameter, string message) => GatewayError.BadRequest("invalid_value", message, parameter);
}
