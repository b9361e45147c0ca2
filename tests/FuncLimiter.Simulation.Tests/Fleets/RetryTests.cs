using System.Net;
using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class RetryTests
{
    private static readonly RetryOptions Sdk = new();

    [Theory]
    [InlineData(0, 0, 0.5)]
    [InlineData(1, 0, 1)]
    [InlineData(4, 0, 8)]
    [InlineData(40, 0, 8)]
    [InlineData(1, 1, 0.75)]
    public void Pause_WithoutAHint_DoublesUpToEightSecondsLessAQuarter(int retry, double chance, double seconds) =>
        Assert.Equal(seconds, Sdk.PauseBefore(retry, null, chance).TotalSeconds, 9);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(59, 59)]
    [InlineData(60, 60)]
    [InlineData(61, 0.5)]
    public void Hint_IsFollowedUpToAMinute(double hint, double seconds) =>
        Assert.Equal(seconds, Sdk.PauseBefore(0, TimeSpan.FromSeconds(hint), 0).TotalSeconds, 9);

    [Theory]
    [InlineData("1", "84", 0.084)]
    [InlineData("1", null, 1.0)]
    [InlineData("1", "-5", 1.0)]
    [InlineData("1.5", "", 1.5)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void Wait_IsInMillisecondsBeforeSeconds(string? seconds, string? ms, double? expected)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        Add(response, "retry-after", seconds);
        Add(response, "retry-after-ms", ms);

        Assert.Equal(expected, AgentRetryHint.Wait(response.Headers)?.TotalSeconds);
    }

    [Theory]
    [InlineData(429, null, true)]
    [InlineData(408, null, true)]
    [InlineData(409, null, true)]
    [InlineData(500, null, true)]
    [InlineData(529, null, true)]
    [InlineData(400, null, false)]
    [InlineData(401, null, false)]
    [InlineData(429, "false", false)]
    [InlineData(400, "true", true)]
    public void Retry_FollowsTheStatusUnlessTheResponseSays(int status, string? shouldRetry, bool expected)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        Add(response, "x-should-retry", shouldRetry);

        Assert.Equal(expected, AgentRetryHint.MayRetry(response));
    }

    private static void Add(HttpResponseMessage response, string name, string? value)
    {
        if (value is not null)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
