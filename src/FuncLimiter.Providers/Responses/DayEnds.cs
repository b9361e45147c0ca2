namespace FuncLimiter.Providers.Responses;

/// <summary>When a day's quota that was refused without a hint has room again.</summary>
internal static class DayEnds
{
    private const double SecondsOfADay = 86_400;

    /// <summary>The next midnight in UTC.</summary>
    /// <param name="now">The moment from which on.</param>
    public static DateTimeOffset NextMidnight(DateTimeOffset now) => new(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);

    /// <summary>The quota is whole again at midnight in UTC.</summary>
    public static RetryHint? AtMidnight(in Failure failure) =>
        failure.Headers.Now is { } now ? new RetryHint((NextMidnight(now) - now).TotalSeconds, "daily-reset-utc") : null;

    /// <summary>The quota is whole again at midnight in California.</summary>
    public static RetryHint? AtPacificMidnight(in Failure failure) =>
        failure.Headers.Now is { } now && failure.Headers.Until(PacificTime.NextMidnight(now)) is { } seconds
            ? new RetryHint(seconds, "daily-reset-pacific")
            : null;

    /// <summary>
    /// The quota comes back bit by bit over the day: there is room once what a request goes beyond it has. OpenAI and Groq, who count so,
    /// mostly tell that wait beside the same numbers: of 200 requests a day with 200 used <c>Please try again in 7m12s</c>.
    /// </summary>
    public static RetryHint? WithRefill(in Failure failure) =>
        ErrorText.Hints(failure.Text) is { Limit: > 0 and { } limit, Used: { } used, Requested: { } requested } && used + requested > limit && requested <= limit
            ? new RetryHint((used + requested - limit) * SecondsOfADay / limit, "body")
            : null;
}
