using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.SecurityToken;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>
/// Signs requests by the AWS SDK's own signer of Signature Version 4 ("Create a signed AWS API request", docs.aws.amazon.com/IAM). The host,
/// the type, the body and all headers of AWS's are signed; what else a caller sends is not, so that a proxy may change it.
/// </summary>
internal static class AwsRequestSigner
{
    private const string OwnHeaders = "x-amz-";
    private const string ContentHash = "x-amz-content-sha256";
    private const string SecurityToken = "x-amz-security-token";
    private const string Date = "x-amz-date";

    private static readonly AWS4Signer Signer = new();

    /// <summary>Signs a request with the bytes that its body has, over any signature that it has.</summary>
    /// <param name="access">The service and the region.</param>
    /// <param name="credentials">What to sign with.</param>
    public static void Sign(HttpRequestMessage request, AwsAccess access, ImmutableCredentials credentials, DateTimeOffset now)
    {
        var uri = request.RequestUri!;
        foreach (var name in (string[])["Authorization", ContentHash, SecurityToken, Date, "x-api-key", "api-key"])
        {
            request.Headers.Remove(name);
        }

        var signed = new DefaultRequest(new SignedCall(), access.Service)
        {
            HttpMethod = request.Method.Method,
            Endpoint = new Uri(uri.GetLeftPart(UriPartial.Authority)),
            // The path as it goes over the wire: it is encoded once, and the signature wants it encoded once more.
            ResourcePath = uri.AbsolutePath,
            UseDoubleEncoding = false,
            UseQueryString = true,
            PrecomputedContentSha256 = HashOf(request.Content),
        };
        foreach (var (name, value) in Query(uri.Query))
        {
            signed.Parameters[name] = value;
        }

        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (name.StartsWith(OwnHeaders, StringComparison.OrdinalIgnoreCase))
            {
                signed.Headers[name] = values.ToString();
            }
        }

        if (request.Content?.Headers.NonValidated.TryGetValues("Content-Type", out var type) == true)
        {
            signed.Headers["Content-Type"] = type.ToString();
        }

        if (credentials.UseToken)
        {
            signed.Headers[SecurityToken] = credentials.Token;
        }

        signed.AuthenticationRegion = access.Region;
        var result = Signer.SignRequest(signed, Settings(access), null, credentials.AccessKey, credentials.SecretKey, now.UtcDateTime);
        foreach (var name in (string[])[Date, ContentHash, SecurityToken])
        {
            if (signed.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is { } value)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Headers.TryAddWithoutValidation("Authorization", result.ForAuthorizationHeader);
    }

    private static string HashOf(HttpContent? content) => content switch
    {
        null => AWS4Signer.EmptyBodySha256,
        BodyContent { Bytes: { } bytes } => Convert.ToHexStringLower(SHA256.HashData(bytes.Span)),
        _ => AWS4Signer.UnsignedPayload,
    };

    private static IEnumerable<(string Name, string Value)> Query(string query)
    {
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = part.IndexOf('=', StringComparison.Ordinal);
            yield return end < 0
                ? (Uri.UnescapeDataString(part), string.Empty)
                : (Uri.UnescapeDataString(part[..end]), Uri.UnescapeDataString(part[(end + 1)..]));
        }
    }

    /// <summary>The signer takes the settings of any of AWS's services, for the two names alone.</summary>
    private static AmazonSecurityTokenServiceConfig Settings(AwsAccess access) =>
        new() { AuthenticationRegion = access.Region, AuthenticationServiceName = access.Service };

    private sealed class SignedCall : AmazonWebServiceRequest;
}
