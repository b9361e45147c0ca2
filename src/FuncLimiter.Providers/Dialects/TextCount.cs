using System.Globalization;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Providers.Dialects;

/// <summary>
/// Counts the words, numbers and signs of text in one pass over its bytes, as tokenizers cut it before they look anything up: a quick count
/// of tokens, close enough for the rest to be learned. Of a long string it looks at windows, evenly spread.
/// </summary>
internal struct TextCount
{
    private const int MostBytes = 8_192;
    private const int Window = 256;

    /// <summary>Once so much of a request was looked at, one window of each further string is enough.</summary>
    private const int EnoughBytes = 65_536;

    private static readonly byte[] Kinds = [.. Enumerable.Range(0, 256).Select(value => (byte)KindOf(value))];

    private int _looked;
    private double _bytes;
    private double _letters;
    private double _words;
    private double _humps;
    private double _numbers;
    private double _signs;
    private double _moreSigns;
    private double _blanks;
    private double _spaces;
    private double _wordsAfterBlanks;
    private double _twoByte;
    private double _wide;
    private double _symbols;
    private double _fourByte;
    private double _given;

    private enum Kind : byte
    {
        Lower,
        Upper,
        TwoByte,
        Digit,
        Space,
        Line,
        Sign,
        Wide,
        Symbol,
        FourByte,
        Inner,
        Count,
    }

    /// <summary>
    /// The tokens that it comes to. The weights are by least squares against o200k, over prose, code of three languages, JSON, Chinese,
    /// base64 and hexadecimal numbers.
    /// </summary>
    public readonly double Tokens
    {
        get
        {
            var words = (0.85 * _words) + (0.05 * _letters) + (1.8 * Math.Max(0, _humps - (0.05 * _bytes))) + (1.05 * _numbers) + (0.75 * _signs)
                + (0.2 * _moreSigns) + _blanks + (0.4 * _twoByte) + (0.7 * _wide) + (1.5 * _symbols) + (2 * _fourByte);

            // Where letters of either case and digits are in no order, a tokenizer finds no words: the bytes tell more. No token is less than a byte.
            var scrambled = _humps + _numbers > 0.12 * _bytes && _words > 0.1 * _bytes
                && _signs < 0.1 * _bytes && _spaces < 0.02 * _bytes;
            return (scrambled ? (0.25 * words) + (0.5 * _bytes) : Math.Min(words, _bytes)) + _given;
        }
    }

    /// <summary>Words that stand after a blank. Tokenizers cut text there, so hardly any of their tokens holds two.</summary>
    public readonly double Words => _wordsAfterBlanks;

    /// <summary>What most of it is.</summary>
    public readonly ContentKind Content =>
        (2 * _twoByte) + (3 * (_wide + _symbols)) + (4 * _fourByte) > 0.4 * _bytes ? ContentKind.Multibyte
        : Tokens > 0.45 * _bytes ? ContentKind.Dense
        : _signs + _moreSigns > 0.08 * _bytes ? ContentKind.Code
        : ContentKind.Prose;

    /// <summary>Counts tokens that the request gives as such.</summary>
    public void AddTokens(int tokens) => _given += tokens;

    /// <summary>Counts the bytes of a JSON string as they are written, escapes included.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        var most = _looked < EnoughBytes ? MostBytes : Window;
        if (text.Length <= most)
        {
            Count(text, 1);
            return;
        }

        var windows = most / Window;
        var times = (double)text.Length / most;
        for (var i = 1; i <= windows; i++)
        {
            Count(text.Slice((int)((long)(text.Length - Window) * i / (windows + 1)), Window), times);
        }
    }

    private void Count(ReadOnlySpan<byte> text, double times)
    {
        const int All = (int)Kind.Count;
        Span<int> pairs = stackalloc int[All * All];
        pairs.Clear();
        var last = (int)Kind.Line;
        for (var i = 0; i < text.Length; i++)
        {
            int kind = Kinds[text[i]];
            if (text[i] == '\\')
            {
                kind = (int)Escaped(text, ref i);
            }

            pairs[(last * All) + kind]++;
            last = kind == (int)Kind.Inner ? last : kind;
        }

        _looked += text.Length;
        _bytes += times * text.Length;
        var (lower, upper, two) = (Of(pairs, Kind.Lower), Of(pairs, Kind.Upper), Of(pairs, Kind.TwoByte));
        var humps = Pair(pairs, Kind.Lower, Kind.Upper);
        var within = Pair(pairs, Kind.Lower, Kind.Lower) + Pair(pairs, Kind.Upper, Kind.Upper) + Pair(pairs, Kind.Upper, Kind.Lower)
            + Pair(pairs, Kind.TwoByte, Kind.TwoByte) + Pair(pairs, Kind.TwoByte, Kind.Lower) + Pair(pairs, Kind.Lower, Kind.TwoByte)
            + Pair(pairs, Kind.Upper, Kind.TwoByte);
        _letters += times * (lower + upper + two);
        _words += times * (lower + upper + two - within);
        _humps += times * humps;
        _wordsAfterBlanks += times * (Pair(pairs, Kind.Space, Kind.Lower) + Pair(pairs, Kind.Space, Kind.Upper) + Pair(pairs, Kind.Space, Kind.TwoByte));
        var (digits, moreDigits) = (Of(pairs, Kind.Digit), Pair(pairs, Kind.Digit, Kind.Digit));
        _numbers += times * (digits - moreDigits + (0.31 * Math.Max(0, moreDigits - (digits - moreDigits))));
        var (signs, moreSigns) = (Of(pairs, Kind.Sign), Pair(pairs, Kind.Sign, Kind.Sign));
        _signs += times * (signs - moreSigns);
        _moreSigns += times * moreSigns;

        // Line breaks that follow signs are of their token; so is the last of several blanks of the word's.
        var lines = Of(pairs, Kind.Line) - Pair(pairs, Kind.Sign, Kind.Line) - Pair(pairs, Kind.Line, Kind.Line);
        _blanks += times * (lines + Pair(pairs, Kind.Line, Kind.Space) + (Pair(pairs, Kind.Space, Kind.Space) / 128.0) + (Pair(pairs, Kind.Line, Kind.Line) / 16.0));
        _spaces += times * Of(pairs, Kind.Space);
        _twoByte += times * two;
        _wide += times * Of(pairs, Kind.Wide);
        _symbols += times * Of(pairs, Kind.Symbol);
        _fourByte += times * Of(pairs, Kind.FourByte);
    }

    private static int Pair(ReadOnlySpan<int> pairs, Kind first, Kind second) => pairs[((int)first * (int)Kind.Count) + (int)second];

    private static int Of(ReadOnlySpan<int> pairs, Kind kind)
    {
        var sum = 0;
        for (var i = (int)kind; i < pairs.Length; i += (int)Kind.Count)
        {
            sum += pairs[i];
        }

        return sum;
    }

    // What an escape stands for; leaves the place at its last byte.
    private static Kind Escaped(ReadOnlySpan<byte> text, ref int i)
    {
        if (i + 1 >= text.Length)
        {
            return Kind.Sign;
        }

        var escape = text[++i];
        if (escape != (byte)'u')
        {
            return escape is (byte)'n' or (byte)'r' or (byte)'t' or (byte)'f' or (byte)'b' ? Kind.Line : Kind.Sign;
        }

        if (i + 4 >= text.Length
            || !int.TryParse(text.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var character))
        {
            return Kind.Sign;
        }

        i += 4;
        return character switch
        {
            < 0x80 => KindOf(character),
            < 0x800 => Kind.TwoByte,
            >= 0xD800 and < 0xDC00 => Kind.FourByte,
            >= 0xDC00 and < 0xE000 => Kind.Inner,
            _ => KindOf(0xE0 | (character >> 12)),
        };
    }

    private static Kind KindOf(int value) => value switch
    {
        >= 'a' and <= 'z' => Kind.Lower,
        >= 'A' and <= 'Z' => Kind.Upper,
        >= '0' and <= '9' => Kind.Digit,
        ' ' => Kind.Space,
        < ' ' => Kind.Line,
        < 0x80 => Kind.Sign,
        < 0xC0 => Kind.Inner,
        < 0xE0 => Kind.TwoByte,
        0xE0 or 0xE2 or 0xEF => Kind.Symbol,
        < 0xF0 => Kind.Wide,
        _ => Kind.FourByte,
    };
}
