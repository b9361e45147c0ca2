using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Running;

namespace FuncLimiter.Gateway.Tests.Jobs;

public class JobStepTests
{
    [Theory]
    [InlineData(200, JobItemState.Succeeded)]
    [InlineData(302, JobItemState.Succeeded)]
    [InlineData(400, JobItemState.Failed)]
    [InlineData(401, JobItemState.Failed)]
    [InlineData(404, JobItemState.Failed)]
    [InlineData(413, JobItemState.Failed)]
    [InlineData(422, JobItemState.Failed)]
    public void After_AnAnswerThatRepeatingDoesNotChange_Ends(int status, JobItemState state) =>
        Assert.Equal(new JobStep(state, TimeSpan.Zero, 2), JobStep.After(Answer(status, "a/m"), failures: 2));

    [Theory]
    [InlineData(408)]
    [InlineData(409)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(529)]
    public void After_AFailureOfTheProvider_TriesAgainLaterAndLater(int status)
    {
        double[] waits = [5, 20, 80, 320, 1280];
        for (var failures = 0; failures < waits.Length; failures++)
        {
            Assert.Equal(new JobStep(null, TimeSpan.FromSeconds(waits[failures]), failures + 1), JobStep.After(Answer(status, "a/m"), failures));
        }

        Assert.Equal(new JobStep(JobItemState.Failed, TimeSpan.Zero, JobStep.MostFailures), JobStep.After(Answer(status, "a/m"), waits.Length));
    }

    [Fact]
    public void After_AFailureThatNamesATime_WaitsForItUpToAnHour()
    {
        Assert.Equal(TimeSpan.FromSeconds(60), JobStep.After(Answer(429, "a/m", ("retry-after", "60")), 0).Wait);
        Assert.Equal(TimeSpan.FromSeconds(7.5), JobStep.After(Answer(429, "a/m", ("Retry-After", "60"), ("retry-after-ms", "7500")), 0).Wait);
        Assert.Equal(TimeSpan.FromHours(1), JobStep.After(Answer(503, "a/m", ("Retry-After", "90000")), 0).Wait);
        Assert.Equal(TimeSpan.FromSeconds(5), JobStep.After(Answer(503, "a/m", ("Retry-After", "soon")), 0).Wait);
    }

    [Fact]
    public void After_AFailureThatIsSaidToBeFinal_Ends() =>
        Assert.Equal(JobItemState.Failed, JobStep.After(Answer(429, "a/m", ("x-should-retry", "false")), 0).Final);

    [Theory]
    [InlineData("3", 3)]
    [InlineData("0", 1)]
    [InlineData("9000", 15)]
    [InlineData(null, 15)]
    public void After_ARefusalOfTheLimiter_AsksAgainSoonAndCountsNoFailure(string? retryAfter, double seconds)
    {
        var answer = retryAfter is null ? Answer(429, null) : Answer(429, null, ("Retry-After", retryAfter), ("x-should-retry", "false"));

        Assert.Equal(new JobStep(null, TimeSpan.FromSeconds(seconds), 4), JobStep.After(answer, failures: 4));
    }

    private static CallResult Answer(int status, string? deployment, params (string Name, string Value)[] headers) =>
        new(status, [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))], default, deployment, null, 1);
}
