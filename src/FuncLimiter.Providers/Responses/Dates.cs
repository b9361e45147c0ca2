using System.Globalization;

namespace FuncLimiter.Providers.Responses;

/// <summary>
/// Dates as headers write them: the three forms of RFC 9110, in any zone that RFC 5322 names, and RFC 3339. Nothing else is a date.
/// </summary>
internal static class Dates
{
    private static readonly string[] WithoutWeekday =
    [
        "d MMM yyyy HH:mm:ss", // RFC 5322, after "Tue, "
        "dd MMM yyyy HH:mm:ss",
        "dd-MMM-yy HH:mm:ss",  // RFC 850, after "Tuesday, "
        "dd-MMM-yyyy HH:mm:ss",
    ];

    private static readonly string[] Asctime = ["MMM d HH:mm:ss yyyy", "MMM  d HH:mm:ss yyyy", "MMM dd HH:mm:ss yyyy"];

    /// <summary>Reads a date in any of the forms, also in the second one with UTC named in words. One that names no zone could mean any.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        text = text.Trim();
        if (TryRfc3339(text, out date) || TryHttp(text, out date))
        {
            return true;
        }

        if (text.Length < 4 || !(text.EndsWith("UTC", StringComparison.OrdinalIgnoreCase) || text.EndsWith("GMT", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        // Go writes the offset, which is none here, and then the zone's name.
        text = text[..^3].TrimEnd();
        text = text.EndsWith(" +0000", StringComparison.Ordinal) ? text[..^6] : text;
        return TryRfc3339(string.Concat(text, "Z"), out date);
    }

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
            return IsWeekday(text[..comma]) && TryZoned(text[(comma + 1)..].TrimStart(), out date);
        }

        var blank = text.IndexOf(' ');
        return blank > 0 && IsWeekday(text[..blank])
            ? TryExact(text[(blank + 1)..], Asctime, out date) || TryZoned(text[(blank + 1)..], out date)
            : TryZoned(text, out date);
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

    private static bool TryZoned(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        date = default;
        var blank = text.LastIndexOf(' ');
        if (blank < 0 || OffsetOf(text[(blank + 1)..]) is not { } offset || !TryExact(text[..blank].TrimEnd(), WithoutWeekday, out var local))
        {
            return false;
        }

        date = new DateTimeOffset(local.DateTime, TimeSpan.Zero) - offset;
        return true;
    }

    /// <summary>The offset of a zone as RFC 5322 writes it, by number or by one of its old names; null for anything else.</summary>
    private static TimeSpan? OffsetOf(ReadOnlySpan<char> zone) => zone switch
    {
        "GMT" or "UTC" or "UT" or "Z" or "gmt" or "utc" or "Gmt" or "Utc" => TimeSpan.Zero,
        "EDT" => TimeSpan.FromHours(-4),
        "EST" or "CDT" => TimeSpan.FromHours(-5),
        "CST" or "MDT" => TimeSpan.FromHours(-6),
        "MST" or "PDT" => TimeSpan.FromHours(-7),
        "PST" => TimeSpan.FromHours(-8),
        ['+' or '-', _, _, ':', _, _] => Offset(zone[0], zone[1..3], zone[4..]),
        ['+' or '-', _, _, _, _] => Offset(zone[0], zone[1..3], zone[3..]),
        _ => null,
    };

    private static TimeSpan? Offset(char sign, ReadOnlySpan<char> hours, ReadOnlySpan<char> minutes) =>
        int.TryParse(hours, NumberStyles.None, CultureInfo.InvariantCulture, out var h) && h <= 14
        && int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var m) && m < 60
            ? TimeSpan.FromMinutes((h * 60) + m) * (sign == '-' ? -1 : 1)
            : null;

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

/// <summary>United States Pacific time, at whose midnight Google's daily quotas start anew (https://ai.google.dev/gemini-api/docs/rate-limits).</summary>
public static class PacificTime
{
    private const string IanaId = "America/Los_Angeles";

    /// <summary>The zone.</summary>
    public static readonly TimeZoneInfo Zone = Find();

    // Small container images come without time zone data; the law's rule since 2007 stands in for it.
    internal static TimeZoneInfo ByRule()
    {
        var twoInTheNight = new DateTime(1, 1, 1, 2, 0, 0);
        var summer = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date,
            DateTime.MaxValue.Date,
            TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(twoInTheNight, 3, 2, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(twoInTheNight, 11, 1, DayOfWeek.Sunday));
        return TimeZoneInfo.CreateCustomTimeZone(IanaId, TimeSpan.FromHours(-8), "Pacific Time", "Pacific Standard Time", "Pacific Daylight Time", [summer]);
    }

    private static TimeZoneInfo Find() =>
        TimeZoneInfo.TryFindSystemTimeZoneById(IanaId, out var zone) || TimeZoneInfo.TryFindSystemTimeZoneById("Pacific Standard Time", out zone)
            ? zone
            : ByRule();

    /// <summary>The next midnight, when a day's quota starts anew. Clocks never change at midnight, so it is never ambiguous.</summary>
    /// <param name="now">The moment from which on.</param>
    public static DateTimeOffset NextMidnight(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, Zone).Date.AddDays(1);
        return new DateTimeOffset(local, Zone.GetUtcOffset(local));
    }
}
