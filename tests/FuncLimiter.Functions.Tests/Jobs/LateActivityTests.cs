using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

/// <summary>An activity that comes, or ends, after its orchestrator went on changes nothing of what became of the job.</summary>
public class LateActivityTests
{
    [Fact]
    public void Leg_DeliveredAfterItsJobEnded_TellsHowItEnded_AndAsksNobody() => AppWorld.Run(
        async world =>
        {
            var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.List(3), CancellationToken.None);
            var ended = await world.EndOfAsync(accepted.Id!);
            var calls = world.Provider.Calls.Count;

            var late = await world.Get<LegRunner>(1).RunAsync(new LegInput(accepted.Id!, 1, 0), CancellationToken.None);

            Assert.Equal(JobItemState.Succeeded, late.Ended);
            Assert.Equal(calls, world.Provider.Calls.Count);
            var after = await world.Get<JobService>().FindAsync("acme", accepted.Id!, JobPage.First, CancellationToken.None);
            Assert.Equal((ended.EndedAt, ended.Progress), (after!.EndedAt, after.Progress));
        },
        new HubOptions { Workers = 2 });

    [Fact]
    public void Leg_ThatEndsAfterItsJobWasGivenUp_EndsNothingTwice() => AppWorld.Run(
        async world =>
        {
            world.Provider.Waits = _ => [TimeSpan.FromHours(1)];
            var jobs = world.Get<JobService>();
            var accepted = await jobs.AcceptAsync("acme", JobRequests.List(3), CancellationToken.None);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
            await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None);
            var ended = await world.EndOfAsync(accepted.Id!);
            world.Provider.Waits = _ => [];

            var late = await world.Get<LegRunner>(1).RunAsync(new LegInput(accepted.Id!, 0, 1), CancellationToken.None);

            Assert.Equal(JobItemState.Cancelled, late.Ended);
            var after = await jobs.FindAsync("acme", accepted.Id!, JobPage.First, CancellationToken.None);
            Assert.Equal((ended.EndedAt, ended.Progress), (after!.EndedAt, after.Progress));
            Assert.Equal(3, after.Progress.Cancelled);
        },
        new HubOptions { Workers = 2 });
}
