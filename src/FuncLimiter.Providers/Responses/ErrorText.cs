using System.Globalization;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads the sentences in which providers tell limits and waits.</summary>
internal static partial class ErrorText
{
    /// <summary>The longest of the waits that a text names, in seconds; null where it names none.</summary>
    public static double? WaitSeconds(string text)
    {
        double? longest = null;
        foreach (Match wait in Waits().Matches(text))
        {
            var (seconds, larger) = (0.0, double.PositiveInfinity);
            var parts = wait.Groups["amount"].Captures;
            for (var i = 0; i < parts.Count; i++)
            {
                var named = wait.Groups["unit"].Captures[i].Value;
                var unit = named.Length == 0 ? 1 : Durations.SecondsPer(named) ?? 0;
                seconds += unit < larger ? Number(parts[i].Value) * unit : double.NaN;
                larger = unit;
            }

            longest = double.IsNaN(seconds) ? longest : Math.Max(longest ?? 0, seconds);
        }

        return longest;
    }

    /// <summary>The latest of the moments at which a text says that there is room again; null where it names none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="now">The time of receipt, for texts that name a time of day; null where it is unknown.</param>
    public static DateTimeOffset? Moment(string text, DateTimeOffset? now)
    {
        DateTimeOffset? latest = null;
        foreach (Match moment in Moments().Matches(text))
        {
            if (Dates.TryRead(moment.Groups["at"].Value, out var at) && !(at < latest))
            {
                latest = at;
            }
        }

        foreach (Match clock in Clocks().Matches(text))
        {
            if (now is { } known && TimeOnly.TryParse(clock.Groups["at"].Value, CultureInfo.InvariantCulture, out var time))
            {
                var today = new DateTimeOffset(DateOnly.FromDateTime(known.UtcDateTime).ToDateTime(time), TimeSpan.Zero);
                var next = today < known ? today.AddDays(1) : today;
                latest = next < latest ? latest : next;
            }
        }

        return latest;
    }

    /// <summary>The limit that a text speaks of: <c>tokens per min</c>, <c>API calls / month</c>, <c>input_tokens_per_minute</c>.</summary>
    public static (string? Dimension, string? Window) Subject(string text)
    {
        var match = Rates().Match(text);
        return match.Success ? (DimensionOf(match.Groups["what"].Value), WindowOf(match.Groups["per"].Value)) : (null, null);
    }

    /// <summary>Whether a refusal's words, or its code, say that a day's quota is spent.</summary>
    public static bool SpeaksOfADay(string text) => Days().IsMatch(text);

    /// <summary>The numbers that a text tells of a limit; null where there are none.</summary>
    public static BodyHints? Hints(string text)
    {
        var (dimension, window) = Subject(text);
        if (Limits().Match(text) is { Success: true } counted)
        {
            return new BodyHints(
                Number(counted.Groups["limit"].Value), NumberIn(Used().Match(text)), NumberIn(Requested().Match(text)), window, dimension);
        }

        if (ActualOfLimit().Match(text) is { Success: true } actual)
        {
            return new BodyHints(Number(actual.Groups["limit"].Value), Number(actual.Groups["used"].Value), null, window, dimension);
        }

        if (NextLimits().Match(text) is { Success: true } ramp)
        {
            return new BodyHints(NumberIn(ramp, "limit"), null, null, window, dimension, NumberIn(ramp, "next"));
        }

        return Amounts().Match(text) is { Success: true } amount
            ? new BodyHints(Number(amount.Groups["limit"].Value), null, null, window, dimension)
            : null;
    }

    private static string? DimensionOf(string words)
    {
        words = words.ToLowerInvariant().Replace('_', ' ');
        return words switch
        {
            _ when words.StartsWith("input token", StringComparison.Ordinal) || words.StartsWith("prompt token", StringComparison.Ordinal) =>
                LimitNames.InputTokens,
            _ when words.StartsWith("output token", StringComparison.Ordinal) || words.StartsWith("generated token", StringComparison.Ordinal) =>
                LimitNames.OutputTokens,
            _ when words.StartsWith("token", StringComparison.Ordinal) => LimitNames.Tokens,
            _ when words.StartsWith("image", StringComparison.Ordinal) => "images",
            _ => LimitNames.Requests,
        };
    }

    private static string WindowOf(string word) => char.ToLowerInvariant(word[0]) switch
    {
        's' => Windows.Second,
        'h' => Windows.Hour,
        'd' => Windows.Day,
        'm' when word.StartsWith("mo", StringComparison.OrdinalIgnoreCase) => Windows.Month,
        _ => Windows.Minute,
    };

    private static double? NumberIn(Match match, string group = "number") => match.Groups[group].Success ? Number(match.Groups[group].Value) : null;

    private static double Number(string digits) =>
        double.Parse(digits.Replace(",", "", StringComparison.Ordinal), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    private const string Amount = @"(?:\d{1,3}(?:,\d{3})+|\d{1,16})(?:\.\d{1,40})?";
    private const string Unit = "milliseconds?|ms|us|µs|ns|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|days?|d";
    private const string Counted = "(?:(?:input|output|prompt|generated)[ _])?tokens?|requests?|(?:API )?calls?|queries|images?";
    private const string Span = "seconds?|sec|minutes?|min|hours?|days?|months?";

    [GeneratedRegex(
        $@"(?:(?:try(?: it)? again|retry|retry (?:your|the) request|resets?|(?:be )?(?:available|restored)(?: again)?) (?:in|after):?|wait(?: for)?)\s+(?:(?:about|approximately|at least|another) |~\s?)?(?:(?<amount>{Amount})\s?(?:more )?(?<unit>{Unit})(?![a-z])\s?(?:and\s)?)+|\bretry[-_]after:\s?(?:(?<amount>{Amount})\s?(?<unit>{Unit}|)(?![a-z\d.]))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Waits();

    [GeneratedRegex(
        @"(?:try(?: it)? again|retry|resets?|(?:available|restored)(?: again)?|wait) (?:at|on|after|until) (?<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?\s?(?:Z|UTC|GMT|[+-]\d\d:\d\d)?)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Moments();

    [GeneratedRegex(
        @"(?:try(?: it)? again|retry|resets?|(?:available|restored)(?: again)?|wait) (?:at|on|after|until) (?<at>\d{1,2}(?::\d\d){0,2}(?:\s?[ap]m)?)\s?(?:\(?(?:UTC|GMT)\)?)(?![a-z+-])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Clocks();

    [GeneratedRegex(
        $@"(?<![a-z])(?<what>{Counted})(?:\s?/\s?|[ _]per[ _])(?<per>{Span})(?![a-z])|per[ -](?<per>{Span}) (?<what>{Counted}) limit",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Rates();

    [GeneratedRegex(
        @"(?<![a-z])(?:daily[ _-](?:[a-z]{1,20}[ _-]){0,3}(?:limit|quota|cap|allowance|request|token|usage|rate)s?(?![a-z])|(?:limit|quota|cap|allowance|request|token|call|message|usage)s?(?![a-z])[^.]{0,40}[ _-](?:per|a|each|for the|for this|of the)[ _-]day(?![a-z])|per[ _-]day[ _-](?:[a-z]{1,20}[ _-])?(?:limit|quota)|for today(?![a-z])|today['’]s (?:[a-z]{1,20} ){0,2}(?:limit|quota)|(?:again|back|retry) tomorrow)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Days();

    [GeneratedRegex($@"\bLimit:? (?<limit>{Amount})", RegexOptions.CultureInvariant)]
    private static partial Regex Limits();

    [GeneratedRegex($@"\b(?:Used|Current):? (?<number>{Amount})", RegexOptions.CultureInvariant)]
    private static partial Regex Used();

    [GeneratedRegex($@"\bRequested:? ~?\s?(?<number>{Amount})", RegexOptions.CultureInvariant)]
    private static partial Regex Requested();

    [GeneratedRegex($@"\(actual/limit\): (?<used>{Amount})/(?<limit>{Amount})", RegexOptions.CultureInvariant)]
    private static partial Regex ActualOfLimit();

    // A limit that grows with use, and its next step.
    [GeneratedRegex($@"(?:\blimit is (?<limit>{Amount})[^.]{{0,80}}?)?\bwill (?:increase|rise|grow) to (?<next>{Amount})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NextLimits();

    [GeneratedRegex($@"(?<![\d.,])(?<limit>{Amount}) (?:{Counted})(?: per |\s?/\s?)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Amounts();
}
