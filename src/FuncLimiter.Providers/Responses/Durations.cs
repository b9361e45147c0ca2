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

    /// <summary>Reads a duration as Go writes it, in any case, the larger units first: <c>1h12m0s</c>, <c>6m0s</c>, <c>84ms</c>, <c>850us</c>.</summary>
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

        var larger = double.PositiveInfinity;
        while (text.Length > 0)
        {
            var digits = TakeNumber(text);
            if (digits == 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return false;
            }

            text = text[digits..];
            var letters = 0;
            while (letters < text.Length && !char.IsAsciiDigit(text[letters]))
            {
                letters++;
            }

            if (SecondsPer(text[..letters]) is not { } unit || unit >= larger)
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
