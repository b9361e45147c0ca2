using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

/// <summary>Whatever step a process dies over, before or after its result is kept: each job ends in exactly one outcome.</summary>
public class CrashTests
{
    [Fact]
    public void JobOfOneCall_SurvivesACrashAtEveryStep() => EveryStep(
        JobRequests.One() with { Reply = new JobReply("results", "c-1") },
        world => world.Provider.Waits = _ => [TimeSpan.FromMinutes(10), TimeSpan.FromHours(3)]);

    [Fact]
    public void JobOfManyCalls_SurvivesACrashAtEveryStep() => EveryStep(
        JobRequests.List(5) with { Reply = new JobReply("results", "c-1") },
        world => world.Provider.Waits = key => key.EndsWith("-2", StringComparison.Ordinal) ? [TimeSpan.FromHours(1)] : []);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Jobs_UnderRedelivery_AreCalledOnce(int seed)
    {
        var options = new HubOptions { Seed = seed, Workers = 3, Redelivery = 0.5, Delay = TimeSpan.FromSeconds(2) };
        var world = AppWorld.Run(
            async world =>
            {
                world.Provider.Waits = key => key.EndsWith('1') ? [TimeSpan.FromMinutes(5)] : [];
                await AcceptAndEndAsync(world, JobRequests.List(20));
            },
            options);

        Assert.Equal(20, world.Provider.Calls.Count);
        Assert.Equal(20, world.Provider.Calls.Distinct().Count());
    }

    private static void EveryStep(JobRequest request, Action<AppWorld> arrange)
    {
        var steps = Run(request, arrange, new HubOptions { Workers = 2 }).Hub.Steps;
        Assert.InRange(steps, 5, 60);
        for (var step = 1; step <= steps; step++)
        {
            foreach (var afterCommit in (bool[])[false, true])
            {
                var world = Run(request, arrange, new HubOptions { Workers = 2, CrashAtStep = step, CrashAfterCommit = afterCommit });

                // A call that was cut off may have been made: it is made once more, under the same key.
                Assert.InRange(world.Provider.Calls.Count, request.Calls.Count, request.Calls.Count * 2);
                Assert.Equal(request.Calls.Count, world.Provider.Calls.Distinct().Count());
                Assert.InRange(world.Replies.Count, 1, 2);
                Assert.Single(world.Replies.Select(sent => sent.Reply.Id).Distinct());
                Assert.All(world.Replies, sent => Assert.Equal(("results", "c-1"), (sent.Queue, sent.Reply.CorrelationId)));
            }
        }
    }

    private static AppWorld Run(JobRequest request, Action<AppWorld> arrange, HubOptions options) => AppWorld.Run(
        async world =>
        {
            arrange(world);
            await AcceptAndEndAsync(world, request);
        },
        options);

    private static async Task AcceptAndEndAsync(AppWorld world, JobRequest request)
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", request, CancellationToken.None);
        var job = await world.EndOfAsync(accepted.Id!);
        Assert.Equal(request.Calls.Count, job.Progress.Succeeded);
        Assert.All(job.Items, item => Assert.Equal(JobItemState.Succeeded, item.State));
        Assert.Equal(OrchestrationStatus.Completed, world.Hub.Find(accepted.Id!)!.Status);
    }
}
