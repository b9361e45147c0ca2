using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>What makes two requests for a job the same: everything that was asked, byte for byte.</summary>
internal static class JobFingerprint
{
    public static byte[] Of(JobRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, request.IsList ? "list" : "one");
        Append(hash, request.Webhook);
        foreach (var call in request.Calls)
        {
            Append(hash, call.Path);
            Append(hash, call.Body.Span);
            Append(hash, call.Priority.ToString());
            Append(hash, call.User);
            Append(hash, call.Workflow);
            Append(hash, call.Step);
            Append(hash, call.Run);
            Append(hash, call.Deadline?.Ticks.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return hash.GetHashAndReset();
    }

    private static void Append(IncrementalHash hash, string? text) => Append(hash, text is null ? default : Encoding.UTF8.GetBytes(text));

    // With its length before it, so that no two lists of parts run together to the same bytes.
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
