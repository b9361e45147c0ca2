using System.Buffers.Binary;
using System.Text;

namespace FuncLimiter.Providers.Responses;

/// <summary>Takes <c>application/vnd.amazon.eventstream</c> apart, whose frames arrive cut anywhere, in bounded memory.</summary>
internal sealed class AwsEventFrames
{
    /// <summary>A longer frame is passed over.</summary>
    public const int MaxFrameBytes = 1024 * 1024;

    private const int PreludeBytes = 12;
    private const int ChecksumBytes = 4;
    private const byte StringHeader = 7;

    private byte[] _held = new byte[1024];
    private int _length;
    private long _skip;

    /// <summary>Takes one frame.</summary>
    /// <param name="type">The event's or the exception's type.</param>
    /// <param name="isException">True for an exception.</param>
    /// <param name="payload">The payload, JSON.</param>
    public delegate void FrameHandler(string type, bool isException, ReadOnlySpan<byte> payload);

    /// <summary>Whether a frame was passed over.</summary>
    public bool HasPassedOver { get; private set; }

    /// <summary>Takes bytes, and hands over each frame that they complete.</summary>
    public void Append(ReadOnlySpan<byte> chunk, FrameHandler handler)
    {
        while (!chunk.IsEmpty)
        {
            if (_skip > 0)
            {
                var passed = (int)Math.Min(_skip, chunk.Length);
                _skip -= passed;
                chunk = chunk[passed..];
                continue;
            }

            // First the length of the frame, then the rest of it.
            var wanted = _length < PreludeBytes ? PreludeBytes : BinaryPrimitives.ReadInt32BigEndian(_held);
            var taken = Math.Min(wanted - _length, chunk.Length);
            Hold(chunk[..taken]);
            chunk = chunk[taken..];
            if (_length == PreludeBytes && wanted == PreludeBytes)
            {
                Begin();
            }
            else if (_length == wanted)
            {
                Read(_held.AsSpan(0, _length), handler);
                _length = 0;
            }
        }
    }

    private void Begin()
    {
        var total = BinaryPrimitives.ReadUInt32BigEndian(_held);
        if (total is < PreludeBytes + ChecksumBytes or > MaxFrameBytes)
        {
            // Too long, or no frame at all: a broken stream then ends in nothing but skipped bytes.
            HasPassedOver = true;
            _skip = Math.Max(0, total - (long)PreludeBytes);
            _length = 0;
        }
    }

    private void Hold(ReadOnlySpan<byte> part)
    {
        if (_held.Length < _length + part.Length)
        {
            Array.Resize(ref _held, Math.Min(MaxFrameBytes, Math.Max(_length + part.Length, _held.Length * 2)));
        }

        part.CopyTo(_held.AsSpan(_length));
        _length += part.Length;
    }

    private static void Read(ReadOnlySpan<byte> frame, FrameHandler handler)
    {
        var headersLength = BinaryPrimitives.ReadUInt32BigEndian(frame[4..]);
        if (headersLength > frame.Length - PreludeBytes - ChecksumBytes)
        {
            return;
        }

        var headers = frame.Slice(PreludeBytes, (int)headersLength);
        var payload = frame[(PreludeBytes + (int)headersLength)..^ChecksumBytes];
        if (Header(headers, ":exception-type"u8) is { } exception)
        {
            handler(exception, true, payload);
        }
        else if (Header(headers, ":event-type"u8) is { } type)
        {
            handler(type, false, payload);
        }
    }

    /// <summary>A header that is a string; null where it is not there, or follows one that is none.</summary>
    private static string? Header(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> name)
    {
        while (headers.Length > 0)
        {
            var nameLength = headers[0];
            if (headers.Length < nameLength + 4 || headers[nameLength + 1] != StringHeader)
            {
                return null;
            }

            var found = headers.Slice(1, nameLength);
            headers = headers[(nameLength + 2)..];
            var valueLength = BinaryPrimitives.ReadUInt16BigEndian(headers);
            if (headers.Length < valueLength + 2)
            {
                return null;
            }

            if (found.SequenceEqual(name))
            {
                return Encoding.UTF8.GetString(headers.Slice(2, valueLength));
            }

            headers = headers[(valueLength + 2)..];
        }

        return null;
    }
}
