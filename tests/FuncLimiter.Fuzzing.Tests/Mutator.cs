using System.Text;

namespace FuncLimiter.Fuzzing.Tests;

/// <summary>Makes of real inputs ones that nobody foresaw: bits flipped, parts taken out, doubled, crossed with others', nested, and put in from a list of what breaks parsers.</summary>
/// <param name="corpus">The real ones.</param>
/// <param name="seed">The same seed gives the same inputs.</param>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int Largest = 64 * 1024;

    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "null", "true", "0", "-1", "1e999", "-1e999", "1e-400", "0.1", "99999999999999999999", "9223372036854775807", "-9223372036854775808", "2147483648", "18446744073709551616",
            "\"\"", "\" \"", "[]", "{}", "[[[[[[[[", "]]]]]]]]", "{\"a\":", "}}}}", ",", ":", "\"", "\\", "\\ud800", "\\udc00\\ud800", "\\u0000", "\\n", "//", "/*", "\r\n", "\n\n", "\n", "data: ", "data:", "event: ",
            "[DONE]", "\"usage\":", "\"error\":", "\"choices\":[]", "\"model\":\"gpt-x\",", "\"stream\":true,", "\"messages\":[", "\"type\":\"", "\"max_tokens\":", "\"content\":", "\"tool_calls\":[{", "\"n\":",
            "${", "${HOOK}", "@Microsoft.KeyVault(", "\u2028", "\u00e9", "\ud83d\ude00", "\uFEFF", "\0", "\u007f", "Tue, 01 Sep 2026 12:01:30 GMT", "2026-09-01T12:00:38Z", "1m30s", "-5s", "NaN", "Infinity", "soon",
            "retry-after: -1\n", "x-ratelimit-remaining-tokens: 1e999\n", "--boundary\r\n", "Content-Disposition: form-data; name=\"model\"\r\n\r\n", "$type", "__proto__", "&a *a", "<<: *a", "!!float .nan",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0x80], [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD],
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        var input = new List<byte>(Pick());
        for (var change = 1 << _random.Next(4); change > 0; change--)
        {
            Change(input);
            if (input.Count > Largest)
            {
                input.RemoveRange(Largest, input.Count - Largest);
            }
        }

        return [.. input];
    }

    private byte[] Pick() => corpus[_random.Next(corpus.Count)];

    private void Change(List<byte> input)
    {
        var at = _random.Next(input.Count + 1);
        var length = Math.Min(Span(), input.Count - at);
        switch (_random.Next(10))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)_random.Next(256);
                break;
            case 2:
                input.RemoveRange(at, length);
                break;
            case 3:
                input.InsertRange(_random.Next(input.Count + 1), input.GetRange(at, length));
                break;
            case 4:
                input.RemoveRange(at, length);
                input.InsertRange(at, Piece());
                break;
            case 5:
                var other = Pick();
                var from = _random.Next(other.Length + 1);
                input.InsertRange(at, other.AsSpan(from, Math.Min(Span(), other.Length - from)).ToArray());
                break;
            case 6:
                ReplaceToken(input, at);
                break;
            case 7 when _random.Next(8) == 0:
                var piece = Piece();
                var times = _random.Next(300);
                input.InsertRange(at, Enumerable.Repeat(piece, times).SelectMany(one => one).Take(Largest));
                break;
            case 8 when _random.Next(8) == 0:
                input.RemoveRange(at, input.Count - at);
                break;
            default:
                input.InsertRange(at, Piece());
                break;
        }
    }

    /// <summary>Puts a piece where a whole number, a word or a text stands.</summary>
    private void ReplaceToken(List<byte> input, int at)
    {
        var start = at;
        while (start < input.Count && !IsToken(input[start]))
        {
            start++;
        }

        var end = start;
        while (end < input.Count && IsToken(input[end]))
        {
            end++;
        }

        input.RemoveRange(start, end - start);
        input.InsertRange(start, Piece());
    }

    private static bool IsToken(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'+';

    private byte[] Piece() => Pieces[_random.Next(Pieces.Length)];

    private int Span() => 1 << _random.Next(10);
}
