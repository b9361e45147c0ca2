using System.Globalization;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

public class ErrorTextTests
{
    [Theory]
    [InlineData("Please try again in 84ms. Visit", 0.084)]
    [InlineData("Please try again in 1h12m0s.", 4320)]
    [InlineData("Please try again in 1m0.363142857s. Need more?", 60.363142857)]
    [InlineData("Please retry after 60 seconds.", 60)]
    [InlineData("Try again in 3 seconds.", 3)]
    [InlineData("Please retry in 48.940292s.", 48.940292)]
    [InlineData("Try again in 2 minutes and 5 seconds", 125)]
    [InlineData("Please wait 50000 seconds before retrying.", 50000)]
    [InlineData("retry in 5s, or else try again in 9s", 9)]
    public void WaitSeconds_IsTheLongestWaitNamed(string text, double seconds) => Assert.Equal(seconds, ErrorText.WaitSeconds(text)!.Value, 9);

    [Theory]
    [InlineData("Please try again later.")]
    [InlineData("Try again in a moment")]
    [InlineData("retry after 2026")]
    [InlineData("You waited 5 seconds")]
    [InlineData("")]
    public void WaitSeconds_WhereNoWaitIsNamed_IsUnknown(string text) => Assert.Null(ErrorText.WaitSeconds(text));

    [Theory]
    [InlineData("Limit reached. Try again at 14:30 UTC.", "2026-09-01T14:30:00Z")]
    [InlineData("Your limit resets at 3pm (UTC)", "2026-09-01T15:00:00Z")]
    [InlineData("Available again at 00:00 GMT", "2026-09-02T00:00:00Z")]
    [InlineData("Resets at 2026-09-01T12:10:00Z", "2026-09-01T12:10:00Z")]
    [InlineData("Resets at 3pm", null)]
    [InlineData("Resets at 14:30 UTC+2", null)]
    [InlineData("Resets at 25:30 UTC", null)]
    public void Moment_IsTheNextOneNamed_WhereItsZoneIs(string text, string? moment) => Assert.Equal(
        moment is null ? null : DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture),
        ErrorText.Moment(text, new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero)));

    [Theory]
    [InlineData("on tokens per min (TPM)", "tokens", "minute")]
    [InlineData("on requests per day (RPD)", "requests", "day")]
    [InlineData("20,000 input tokens per minute", "inputTokens", "minute")]
    [InlineData("8,000 output tokens per minute", "outputTokens", "minute")]
    [InlineData("1000 API calls / month", "requests", "month")]
    [InlineData("online_prediction_input_tokens_per_minute_per_base_model", "inputTokens", "minute")]
    [InlineData("Requests per Second (actual/limit)", "requests", "second")]
    [InlineData("images per min (IPM)", "images", "minute")]
    [InlineData("Too many requests", null, null)]
    public void Subject_NamesTheLimitAndItsWindow(string text, string? dimension, string? window) =>
        Assert.Equal((dimension, window), ErrorText.Subject(text));

    [Fact]
    public void Hints_ReadNumbersWithAndWithoutThousands()
    {
        Assert.Equal(
            new BodyHints(30000, 29958, 84, "minute", "tokens"),
            ErrorText.Hints("on tokens per min. Limit: 30,000 / min. Current: 29958 / min. Requested 84."));
        Assert.Null(ErrorText.Hints("Limit reached"));
    }

    [Fact]
    public void EveryReading_OfALongHostileText_EndsSoon()
    {
        var text = string.Concat(Enumerable.Repeat("try again in 1h1m1s1ms ", 180)) + string.Concat(Enumerable.Repeat("1,111", 800));

        Assert.NotNull(ErrorText.WaitSeconds(text));
        Assert.Null(ErrorText.Hints(text));
    }
}
