using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

public class ObservationTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Read_OfALimitThatIsFull_NamesTheDimensionAndTheWait()
    {
        var observation = Answer.Read(
            "openai", 429, Answer.Error("Rate limit reached on tokens per min (TPM): Limit 9, Used 9, Requested 1. Please try again in 2s.", "tokens")).Observation;

        Assert.Equal((OutcomeKind.RateLimited, Dimension.Tokens, TimeSpan.FromSeconds(2), false),
            (observation.Kind, observation.Dimension, observation.RetryAfter, observation.WholeAccount));
    }

    [Fact]
    public void Read_WhenOnlyHeadersTellWhatIsFull_TakesTheOneThatIsExhausted()
    {
        var observation = Answer.Read(
            "openai-compatible", 429, null, ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-limit-tokens", "9"), ("x-ratelimit-remaining-requests", "3")).Observation;

        Assert.Equal(Dimension.Tokens, observation.Dimension);
    }

    [Fact]
    public void Read_OfAnEmptyAccount_ClosesItAndBelievesNoWait()
    {
        var reading = Answer.Read("openai", 429, Answer.Error("x", "insufficient_quota", "insufficient_quota"), ("retry-after", "20"));

        Assert.Equal((OutcomeKind.QuotaExhausted, true, null), (reading.Observation.Kind, reading.Observation.WholeAccount, reading.Observation.RetryAfter));
        Assert.Equal(20, reading.RetryAfterSeconds);
    }

    [Fact]
    public void Read_OfASuccess_NeverPauses() =>
        Assert.Null(Answer.Read("anthropic", 200, "{}", ("retry-after", "61")).Observation.RetryAfter);

    [Fact]
    public void Read_OfADaysQuota_WaitsForItsEndWhereThatIsKnown()
    {
        var known = Answer.Read("openrouter", 429, Answer.Error("Rate limit exceeded: free-models-per-day"),
            ("X-RateLimit-Limit", "50"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1788307200000"));
        var unknown = Answer.Read("bedrock", 429, """{"message":"Too many tokens per day, please wait before trying again."}""");

        Assert.Equal((OutcomeKind.RateLimited, TimeSpan.FromHours(12)), (known.Observation.Kind, known.Observation.RetryAfter));
        Assert.Equal(new LimitReading(Dimension.Requests, TimeSpan.FromDays(1), 50, 0, TimeSpan.FromHours(12)), known.Observation.Readings.Single());
        Assert.Equal((OutcomeKind.QuotaExhausted, Dimension.Tokens), (unknown.Observation.Kind, unknown.Observation.Dimension));
        Assert.False(known.Retryable || unknown.Retryable);
    }

    [Theory]
    [InlineData(500, OutcomeKind.TransientFailure)]
    [InlineData(408, OutcomeKind.TransientFailure)]
    [InlineData(409, OutcomeKind.TransientFailure)]
    [InlineData(503, OutcomeKind.Overloaded)]
    [InlineData(529, OutcomeKind.Overloaded)]
    [InlineData(400, OutcomeKind.Rejected)]
    [InlineData(401, OutcomeKind.Rejected)]
    [InlineData(404, OutcomeKind.Rejected)]
    [InlineData(413, OutcomeKind.Rejected)]
    [InlineData(402, OutcomeKind.QuotaExhausted)]
    [InlineData(429, OutcomeKind.RateLimited)]
    public void Read_OfAStatusAlone_KnowsTheOutcome(int status, OutcomeKind kind) =>
        Assert.Equal(kind, Answer.Read("openai-compatible", status).Observation.Kind);

    [Fact]
    public void Read_OfAHugeWait_HoldsItToASpanThatCanBeAdded()
    {
        var reading = Answer.Read("openai", 429, null, ("retry-after", "99999999999999999999"));

        Assert.Equal(TimeSpan.FromDays(3650), reading.Observation.RetryAfter);
        Assert.Equal(1e20, reading.RetryAfterSeconds);
    }

    [Fact]
    public void Read_OfOpenAI_TellsTheDayFromTheMinuteByTheRefill()
    {
        var readings = Answer.Read("openai", 200, "{}",
            ("x-ratelimit-limit-requests", "200"), ("x-ratelimit-remaining-requests", "199"), ("x-ratelimit-reset-requests", "7m12s"),
            ("x-ratelimit-limit-tokens", "60000"), ("x-ratelimit-remaining-tokens", "59000"), ("x-ratelimit-reset-tokens", "1s")).Observation.Readings;

        Assert.Equal(
            [new(Dimension.Requests, TimeSpan.FromDays(1), 200, 199, TimeSpan.FromSeconds(432)), new(Dimension.Tokens, Minute, 60000, 59000, TimeSpan.FromSeconds(1))],
            readings);
    }

    [Fact]
    public void Read_OfOpenAI_WhenTheProjectsShareIsSmaller_TellsThatOne()
    {
        var reading = Answer.Read("openai", 200, "{}",
            ("x-ratelimit-limit-tokens", "2000000"), ("x-ratelimit-remaining-tokens", "1990000"), ("x-ratelimit-reset-tokens", "300ms"),
            ("x-ratelimit-limit-project-tokens", "500000"), ("x-ratelimit-remaining-project-tokens", "490000"), ("x-ratelimit-reset-project-tokens", "1.2s"));

        Assert.Equal([new(Dimension.Tokens, Minute, 500_000, 490_000, TimeSpan.FromSeconds(1.2))], reading.Observation.Readings);
    }

    [Fact]
    public void Read_OfMinusOne_TellsNothingOfThatLimit()
    {
        var reading = Answer.Read("azure-openai", 200, "{}", ("x-ratelimit-limit-tokens", "-1"), ("x-ratelimit-remaining-tokens", "-1"));

        Assert.Empty(reading.Observation.Readings);
    }

    [Fact]
    public void Read_OfAnErrorInsideA200_IsThatFailure()
    {
        var reading = Answer.Read("openrouter", 200, """{"error":{"message":"Provider returned error","code":429,"metadata":{"retry_after_seconds":3}}}""", ("retry-after", "60"));

        Assert.Equal((OutcomeKind.RateLimited, TimeSpan.FromSeconds(3), Reasons.UpstreamRateLimit),
            (reading.Observation.Kind, reading.Observation.RetryAfter, reading.Reason));
    }
}
