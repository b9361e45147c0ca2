using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>
/// Posts a message that its receiver can verify, signed as the Standard Webhooks specification says: headers <c>webhook-id</c>,
/// <c>webhook-timestamp</c> (Unix seconds) and <c>webhook-signature</c>, which is <c>v1,</c> and the Base64 of the HMAC-SHA256 of
/// <c>id.timestamp.body</c>.
/// </summary>
internal static class SignedPost
{
    private const string Encoded = "whsec_";

    /// <summary>Sends a message once.</summary>
    /// <param name="client">Over which connections.</param>
    /// <param name="id">The message's name, the same in each attempt.</param>
    /// <param name="body">The message, JSON.</param>
    /// <param name="secret">The key that signs it, in bytes.</param>
    /// <param name="longest">How long the receiver may take.</param>
    /// <returns>The answer's status where there was one, and what went wrong, or null.</returns>
    public static async Task<(HttpStatusCode? Status, string? Fault)> SendAsync(
        HttpMessageInvoker client, string address, string id, byte[] body, byte[] secret, TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(longest, time);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("FuncLimiter", null));
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", Sign(secret, id, timestamp, body));
        try
        {
            // The answer's body says nothing that matters; it is not read.
            using var response = await client.SendAsync(request, cut.Token);
            return (response.StatusCode, response.IsSuccessStatusCode ? null : $"answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {longest.TotalSeconds:0} seconds");
        }
        catch (HttpRequestException failure)
        {
            return (null, failure.InnerException is PrivateAddressException ? failure.InnerException.Message : $"could not be reached: {failure.HttpRequestError}");
        }
    }

    /// <summary>A secret's bytes: as the Standard Webhooks libraries write secrets, else as it stands.</summary>
    public static byte[] SecretBytes(string secret) =>
        secret.StartsWith(Encoded, StringComparison.Ordinal) && Base64.IsValid(secret.AsSpan(Encoded.Length))
            ? Convert.FromBase64String(secret[Encoded.Length..])
            : Encoding.UTF8.GetBytes(secret);

    public static string Sign(byte[] secret, string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }
}

/// <summary>A message was not sent, since its address leads to a private network.</summary>
internal sealed class PrivateAddressException() : IOException("the address leads to a private network");
