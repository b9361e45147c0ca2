using System.Globalization;

namespace FuncLimiter.Providers.Responses;

/// <summary>Dates as headers write them: the three forms of RFC 9110, and RFC 3339. Nothing else is a date.</summary>
internal static class Dates
{
    private static readonly string[] WithoutWeekday =
    [
        "dd MMM yyyy HH:mm:ss 'GMT'", // RFC 5322, after "Tue, "
        "dd-MMM-yy HH:mm:ss 'GMT'",   // RFC 850, after "Tuesday, "
    ];

    private static readonly string[] Asctime = ["MMM d HH:mm:ss yyyy", "MMM  d HH:mm:ss yyyy", "MMM dd HH:mm:ss yyyy"];

    /// <summary>Reads a date of RFC 9110; asctime is UTC.</summary>
    public static bool TryHttp(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        text = text.Trim();
        date = default;
        if (text.Length is 0 or > 64)
        {
            return false;
        }

        // The weekday says nothing that the date does not; a wrong one does not spoil it.
        var comma = text.IndexOf(',');
        if (comma >= 0)
        {
            return IsWeekday(text[..comma]) && TryExact(text[(comma + 1)..].TrimStart(), WithoutWeekday, out date);
        }

        var blank = text.IndexOf(' ');
        return blank > 0 && IsWeekday(text[..blank]) && TryExact(text[(blank + 1)..], Asctime, out date);
    }

    /// <summary>Reads <c>2026-09-01T12:00:00[.fraction](Z|±hh:mm)</c>.</summary>
    public static bool TryRfc3339(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        text = text.Trim();
        date = default;
        if (text.Length is < 20 or > 40 || text[4] != '-' || text[10] is not ('T' or 't' or ' '))
        {
            return false;
        }

        var zone = text[19..].IndexOfAny("Zz+-");
        if (zone < 0 || (zone > 0 && text[19] != '.'))
        {
            return false;
        }

        // The framework reads seven digits of a fraction; some servers write nine.
        var fraction = text[19..(19 + Math.Min(zone, 8))];
        var plain = string.Concat(text[..10], "T", text[11..19], string.Concat(fraction, text[(19 + zone)..]));
        return DateTimeOffset.TryParseExact(
            plain.ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);
    }

    private static bool TryExact(ReadOnlySpan<char> text, string[] formats, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    private static bool IsWeekday(ReadOnlySpan<char> text)
    {
        foreach (var name in CultureInfo.InvariantCulture.DateTimeFormat.DayNames)
        {
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase) || text.Equals(name.AsSpan(0, 3), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
