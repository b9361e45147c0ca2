using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace FuncLimiter.Providers.Tests.Fixtures;

/// <summary>Encodes events as application/vnd.amazon.eventstream frames.</summary>
internal static class AwsEventEncoder
{
    /// <summary>Each item is an object of one property, the event's or the exception's type, whose value is its payload.</summary>
    public static byte[] Encode(JsonElement events) => [.. events.EnumerateArray().SelectMany(item => Frame(item.EnumerateObject().Single()))];

    private static byte[] Frame(JsonProperty item)
    {
        var isException = item.Name.EndsWith("Exception", StringComparison.Ordinal);
        byte[] headers =
        [
            .. Header(":message-type", isException ? "exception" : "event"),
            .. Header(isException ? ":exception-type" : ":event-type", item.Name),
            .. Header(":content-type", "application/json"),
        ];
        var payload = Encoding.UTF8.GetBytes(item.Value.GetRawText());

        var frame = new byte[12 + headers.Length + payload.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc32(frame.AsSpan(0, 8)));
        headers.CopyTo(frame, 12);
        payload.CopyTo(frame, 12 + headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc32(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    private static byte[] Header(string name, string value)
    {
        var length = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(length, (short)value.Length);
        return [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), 7, .. length, .. Encoding.ASCII.GetBytes(value)];
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
