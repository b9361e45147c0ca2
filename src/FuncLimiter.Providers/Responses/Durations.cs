using System.Globalization;

namespace FuncLimiter.Providers.Responses;

/// <summary>Strict numbers and durations as headers write them. Signs, exponents, hexadecimals and lists are refused.</summary>
internal static class Durations
{
    /// <summary>Longer values are no number that anybody means.</summary>
    private const int MaxLength = 64;

    /// <summary>Reads <c>digits[.digits]</c>.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        text = text.Trim();
        if (text.Length is 0 or > MaxLength || TakeNumber(text) != text.Length)
        {
            return false;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>
    /// Reads a duration as Go or ISO 8601 writes it or prose does, in any case, the larger units first: <c>1h12m0s</c>, <c>84ms</c>, <c>PT1M30S</c>,
    /// <c>1m 30s</c>, <c>10 seconds</c>.
    /// </summary>
    /// <param name="text">The duration, blanks around it allowed.</param>
    /// <param name="seconds">Seconds.</param>
    public static bool TryDuration(ReadOnlySpan<char> text, out double seconds)
    {
        seconds = 0;
        text = text.Trim();
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        return text[0] is 'P' or 'p' ? TryIso(text[1..], out seconds) : TryParts(text, double.PositiveInfinity, ref seconds);
    }

    // P1DT2H3M4.5S; months and years have no fixed length.
    private static bool TryIso(ReadOnlySpan<char> text, out double seconds)
    {
        seconds = 0;
        var time = text.IndexOfAny('T', 't');
        var days = time < 0 ? text : text[..time];
        var clock = time < 0 ? default : text[(time + 1)..];
        return (days.IsEmpty || (days[^1] is 'D' or 'd' or 'W' or 'w' && TryParts(days, double.PositiveInfinity, ref seconds)))
            && (time < 0 ? !days.IsEmpty : !clock.IsEmpty && TryParts(clock, 86_400, ref seconds));
    }

    private static bool TryParts(ReadOnlySpan<char> text, double larger, ref double seconds)
    {
        while (text.Length > 0)
        {
            var digits = TakeNumber(text);
            if (digits == 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return false;
            }

            text = text[digits..].TrimStart(' ');
            var letters = 0;
            while (letters < text.Length && !char.IsAsciiDigit(text[letters]))
            {
                letters++;
            }

            if (SecondsPer(text[..letters].TrimEnd(' ')) is not { } unit || unit >= larger)
            {
                return false;
            }

            larger = unit;
            seconds += amount * unit;
            text = text[letters..];
        }

        return true;
    }

    /// <summary>The seconds in a unit, short as in Go or a word as in prose; null for anything else.</summary>
    public static double? SecondsPer(ReadOnlySpan<char> unit)
    {
        Span<char> lower = stackalloc char[16];
        if (unit.Length is 0 or > 16 || unit.ToLowerInvariant(lower) < 0)
        {
            return null;
        }

        return lower[..unit.Length] switch
        {
            "w" or "week" or "weeks" => 604_800,
            "d" or "day" or "days" => 86_400,
            "h" or "hr" or "hrs" or "hour" or "hours" => 3_600,
            "m" or "min" or "mins" or "minute" or "minutes" => 60,
            "s" or "sec" or "secs" or "second" or "seconds" => 1,
            "ms" or "millisecond" or "milliseconds" => 1e-3,
            "us" or "µs" or "μs" => 1e-6,
            "ns" => 1e-9,
            _ => null,
        };
    }

    /// <summary>How many characters at the start form <c>digits[.digits]</c>.</summary>
    private static int TakeNumber(ReadOnlySpan<char> text)
    {
        var whole = CountDigits(text);
        if (whole == 0 || whole >= text.Length || text[whole] != '.')
        {
            return whole;
        }

        var fraction = CountDigits(text[(whole + 1)..]);
        return fraction == 0 ? 0 : whole + 1 + fraction;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && char.IsAsciiDigit(text[count]))
        {
            count++;
        }

        return count;
    }
}
