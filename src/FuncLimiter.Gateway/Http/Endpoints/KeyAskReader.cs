using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Reads what a key is to be that an operator asks for.</summary>
internal static partial class KeyAskReader
{
    private const double LongestGraceSeconds = 30 * 24 * 3600;

    private static readonly string[] Uses = ["calls", "jobs", "reservations", "usage"];

    /// <summary>The key wanted, or what is wrong.</summary>
    public static WantedKey? Read(AdminAsk ask, DateTimeOffset now, out GatewayError? error)
    {
        DateOnly? expires = DateOnly.TryParseExact(ask.Expires, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        var replaces = ask.Replaces is { } hash && FullHash().Match(hash) is { Success: true } match ? match.Groups["digits"].Value.ToLowerInvariant() : null;
        error = string.IsNullOrEmpty(ask.Tenant) ? AdminAskReader.Wrong("tenant", "'tenant' must be a tenant's id.")
            : (AdminAskReader.WrongReason(ask) ?? AdminMembers.Foreign(EndpointPaths.AdminKeys, ask)) is { } wrong ? wrong
            : ask.Prefix is { } prefix && !ShortName().IsMatch(prefix) ? AdminAskReader.Wrong("prefix", "'prefix' must be at most 16 letters, digits, '.', '_' and '-'.")
            : ask.Expires is not null && expires is null ? AdminAskReader.Wrong("expires", "'expires' must be the last day on which it is taken, for example \"2027-06-30\".")
            : expires < DateOnly.FromDateTime(now.UtcDateTime) ? AdminAskReader.Wrong("expires", "'expires' must not be over.")
            : ask.Uses is { } uses && (uses.Count == 0 || uses.Any(use => !Uses.Contains(use))) ? AdminAskReader.Wrong("uses", $"'uses' must be a list of {string.Join(", ", Uses)}.")
            : ask.Replaces is not null && replaces is null ? AdminAskReader.Wrong("replaces", "'replaces' must be the SHA-256 of the key that it takes the place of.")
            : ask.GraceSeconds is not (null or (>= 0 and <= LongestGraceSeconds)) ? AdminAskReader.Wrong("graceSeconds", $"'graceSeconds' must be how long the other key is still taken, 0 to {LongestGraceSeconds}.")
            : ask.GraceSeconds is not null && replaces is null ? AdminAskReader.Wrong("graceSeconds", "'graceSeconds' stands beside 'replaces'.")
            : null;
        return error is null ? new WantedKey(ask.Tenant!, ask.Prefix, expires, ask.Uses, replaces, TimeSpan.FromSeconds(ask.GraceSeconds ?? 0)) : null;
    }

    [GeneratedRegex(@"^(sha256:)?(?<digits>[0-9a-fA-F]{64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex FullHash();

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,16}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShortName();
}

/// <summary>Writes tenants' keys as JSON: how each begins and its hash, and how long it is taken.</summary>
internal static class KeysJson
{
    /// <summary>Writes them.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<(string Tenant, AccessKey Key, DateTimeOffset? RevokedAt)> keys, DateTimeOffset now)
    {
        json.WriteStartArray();
        foreach (var (tenant, key, revokedAt) in keys)
        {
            json.WriteStartObject();
            json.WriteString("tenant"u8, tenant);
            json.WriteString("name"u8, key.Name);
            json.WriteString("hash"u8, $"sha256:{key.Hash}");
            json.WriteString("state"u8, revokedAt <= now ? "revoked" : key.IsExpired(now) ? "expired" : "taken");
            if (key.Expires is { } expires)
            {
                json.WriteString("expires"u8, expires.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            }

            if (revokedAt > now)
            {
                json.WriteString("revokedAt"u8, revokedAt.Value);
            }

            if (key.Scope is { } scope)
            {
                json.WriteTexts("uses"u8, scope.Order().Select(use => use.ToString().ToLowerInvariant()));
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
