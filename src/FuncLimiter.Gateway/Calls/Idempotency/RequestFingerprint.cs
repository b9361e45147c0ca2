using System.Security.Cryptography;
using System.Text;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>What makes two calls the same: the same asked, byte for byte.</summary>
internal static class RequestFingerprint
{
    public static byte[] Of(CallEnvelope call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{call.Dialect} {call.Facts.Operation} {call.Facts.Model}{call.Query}\n"));
        hash.AppendData(call.Body.Span);
        return hash.GetHashAndReset();
    }
}
