using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Tests.Harness;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>A minute without the entities that own the budgets.</summary>
public class OutageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan From = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan End = From + TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(6);
    private static readonly LeasePolicy Policy = new();

    [Theory]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(30, true)]
    [InlineData(30, false)]
    public void AMinuteWithoutOwners_SendsOnlyWhatIsHeld_RefusesHonestly_AndIsOverWithinSeconds(int instances, bool fails)
    {
        var result = LeaseFleet.Run(new FleetSetup
        {
            Instances = instances,
            Callers = 1_500 / instances,
            Duration = TimeSpan.FromSeconds(120),
            Outage = new OwnerOutage(From, End - From, fails),
        });
        var refused = result.Refusals.Where(refusal => refusal.At >= SimulatedTime.Start + From).ToArray();
        var told = refused.Select(refusal => refusal.Refusal.RetryAt.ToDateTimeOffset() - refusal.At).Order().ToArray();
        var again = result.Sent.First(at => at >= SimulatedTime.Start + End) - (SimulatedTime.Start + End);
        output.WriteLine(
            $"{instances} instances, asks {(fails ? "fail" : "hang")}: {result}; {refused.Length} refused, told to come back in {told[0]} to {told[^1]}; sent again after {again}");
        Assert.Equal(0, result.Overdrawn, 1e-6);
        Assert.InRange(result.SentFrom(From, From + TimeSpan.FromSeconds(8)) / 8_000.0, 0.95, 1.05);
        Assert.Equal(0, result.SentFrom(From + Policy.Duration, End));
        Assert.InRange(result.SentFrom(End + Recovery, End + Recovery + TimeSpan.FromSeconds(20)) / 20_000.0, 0.95, 1.05);
        Assert.NotEmpty(refused);
        Assert.All(refused, refusal => Assert.Equal((RefusalReason.WouldWaitTooLong, "deployment:one/gpt-x"), (refusal.Refusal.Reason, refusal.Refusal.Budget)));
        Assert.All(
            refused.Where(refusal => refusal.At < SimulatedTime.Start + End),
            refusal => Assert.InRange(refusal.Refusal.RetryAt.ToDateTimeOffset() - refusal.At, Policy.AnswerWithin, TimeSpan.FromMinutes(2)));
    }
}
