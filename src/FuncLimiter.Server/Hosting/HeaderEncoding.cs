using System.Text;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Reads headers that are not ASCII: as UTF-8, and bytes that are no UTF-8 as Latin-1, in which browsers and Node.js write them. Kestrel by itself
/// answers those with a 400 that says nothing.
/// </summary>
internal static class HeaderEncoding
{
    /// <summary>UTF-8, where a byte that belongs to no character stands for the one of its number.</summary>
    public static readonly Encoding Utf8OrLatin1 = Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new ByteByByte());

    private sealed class ByteByByte : DecoderFallback
    {
        public override int MaxCharCount => 4;

        public override DecoderFallbackBuffer CreateFallbackBuffer() => new Buffer();

        private sealed class Buffer : DecoderFallbackBuffer
        {
            private byte[] _bytes = [];
            private int _next;

            public override int Remaining => _bytes.Length - _next;

            public override bool Fallback(byte[] bytesUnknown, int index)
            {
                (_bytes, _next) = (bytesUnknown, 0);
                return bytesUnknown.Length > 0;
            }

            public override char GetNextChar() => _next < _bytes.Length ? (char)_bytes[_next++] : '\0';

            public override bool MovePrevious()
            {
                if (_next == 0)
                {
                    return false;
                }

                _next--;
                return true;
            }

            public override void Reset() => (_bytes, _next) = ([], 0);
        }
    }
}
