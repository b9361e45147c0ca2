using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>
/// A request as AWS checks its signature, written from "Create a signed AWS API request" and "Signature elements" (docs.aws.amazon.com/IAM) and
/// from nothing else: the canonical request is made of what came over the wire.
/// </summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The request line's path and query, as they came.</param>
/// <param name="Headers">The headers by their names in lower case.</param>
/// <param name="Body">The body.</param>
internal sealed record SignedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(5);

    /// <summary>The access key that signed it; null where nothing did.</summary>
    public string? AccessKey => Scope is { } scope ? scope[0] : null;

    /// <summary>The service that it was signed for.</summary>
    public string? Service => Scope?[3];

    private string[]? Scope => Part("Credential=") is { } credential && credential.Split('/') is { Length: 5 } scope ? scope : null;

    /// <summary>What is wrong with the signature; null where nothing is.</summary>
    /// <param name="secret">The secret of <see cref="AccessKey"/>.</param>
    /// <param name="region">The region that it must be for.</param>
    /// <param name="service">The service that it must be for.</param>
    public string? Fault(string secret, string region, string service)
    {
        if (Scope is not { } scope || Part("SignedHeaders=")?.Split(';') is not { } signed || Part("Signature=") is not { } signature)
        {
            return $"no {Algorithm} signature: {Header("authorization")}";
        }

        var date = Header("x-amz-date") ?? string.Empty;
        if (!DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || (DateTimeOffset.UtcNow - at).Duration() > MostSkew)
        {
            return $"the date {date}";
        }

        if (scope is not [_, var day, var itsRegion, var itsService, "aws4_request"] || day != date[..8] || itsRegion != region || itsService != service)
        {
            return $"the scope {string.Join('/', scope)}";
        }

        // The host and every header of AWS's that is there must be signed.
        var unsigned = Headers.Keys.Where(name => name == "host" || name.StartsWith("x-amz-", StringComparison.Ordinal)).Except(signed).ToList();
        if (unsigned.Count > 0)
        {
            return $"not signed: {string.Join(", ", unsigned)}";
        }

        var hash = Hex(SHA256.HashData(Body));
        if (Header("x-amz-content-sha256") is { } told && told != hash)
        {
            return "the hash of the body";
        }

        var text = $"{Algorithm}\n{date}\n{string.Join('/', scope[1..])}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(signed, hash))))}";
        var key = scope[1..].Aggregate(Encoding.UTF8.GetBytes($"AWS4{secret}"), static (chained, part) => HMACSHA256.HashData(chained, Encoding.UTF8.GetBytes(part)));
        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) == signature ? null : $"the signature over\n{Canonical(signed, hash)}";
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    // "URI-encode": all but the unreserved characters of RFC 3986.
    private static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(static one =>
        char.IsAsciiLetterOrDigit((char)one) || (char)one is '-' or '_' or '.' or '~' ? ((char)one).ToString() : $"%{one:X2}"));

    private string Canonical(string[] signed, string hash)
    {
        var (path, query) = Target.Split('?', 2) is [var before, var after] ? (before, after) : (Target, string.Empty);
        var arguments = query.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(static part => part.Split('=', 2))
            .Select(static part => (Name: Encode(Uri.UnescapeDataString(part[0])), Value: Encode(Uri.UnescapeDataString(part.Length > 1 ? part[1] : string.Empty))))
            .OrderBy(static part => part.Name, StringComparer.Ordinal).ThenBy(static part => part.Value, StringComparer.Ordinal)
            .Select(static part => $"{part.Name}={part.Value}");

        // Of all services but S3 the path, encoded as it is, is encoded once more.
        var twice = string.Join('/', path.Split('/').Select(Encode));
        var headers = string.Concat(signed.Select(name => $"{name}:{Header(name)?.Trim()}\n"));
        return $"{Method}\n{twice}\n{string.Join('&', arguments)}\n{headers}\n{string.Join(';', signed)}\n{hash}";
    }

    private string? Header(string name) => Headers.GetValueOrDefault(name);

    private string? Part(string name) => Header("authorization") is { } text && text.StartsWith(Algorithm, StringComparison.Ordinal)
        ? text[Algorithm.Length..].Split(',').Select(static part => part.Trim()).FirstOrDefault(part => part.StartsWith(name, StringComparison.Ordinal))?[name.Length..]
        : null;
}
