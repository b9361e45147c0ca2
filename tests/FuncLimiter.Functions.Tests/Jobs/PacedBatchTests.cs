using System.Text.Json.Nodes;
using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

public class PacedBatchTests
{
    [Fact]
    public void List_OfThousands_IsDoneInGenerationsWithShortHistories() => AppWorld.Run(async world =>
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.List(1_500), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(1_500, job.Progress.Succeeded);
        Assert.Equal(1_500, world.Provider.Calls.Distinct().Count());
        var orchestration = world.Hub.Find(accepted.Id!)!;
        Assert.InRange(orchestration.Generation, 3, 5);
        Assert.InRange(orchestration.LongestHistory, 1, 2_000);
    });

    [Fact]
    public void List_ShowsItsProgressWhileItRuns() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = key => key.EndsWith("-3", StringComparison.Ordinal) ? [TimeSpan.FromHours(1)] : [];
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.List(5), CancellationToken.None);
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        var job = (await world.Get<JobService>().FindAsync("acme", accepted.Id!, JobPage.First, CancellationToken.None))!;

        Assert.Equal((4, 1, 0), (job.Progress.Succeeded, job.Progress.Waiting, job.Progress.Running));
        Assert.Null(job.EndedAt);
        Assert.Equal(JobItemState.Waiting, job.Items[3].State);
        Assert.InRange(job.Place!.NotBefore!.Value - SimulatedTime.Start, TimeSpan.FromHours(1), TimeSpan.FromHours(1.01));
        await world.EndOfAsync(accepted.Id!);
    });

    [Fact]
    public void List_GivenUp_EndsWhatHasNotBegunAndKeepsWhatHasEnded() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = key => key.EndsWith("-0", StringComparison.Ordinal) ? [] : [TimeSpan.FromHours(5)];
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", JobRequests.List(10), CancellationToken.None);
        await Task.Delay(TimeSpan.FromMinutes(2), world.Time);

        await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None);
        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal((1, 9), (job.Progress.Succeeded, job.Progress.Cancelled));
        Assert.Equal(JobItemState.Succeeded, job.Items[0].State);
        Assert.All(job.Items.Skip(1), item => Assert.Equal(JobItemState.Cancelled, item.State));
        Assert.Single(world.Provider.Calls);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void List_GivenUp_CutsCallsUnderWayWithinTwoSeconds(int workers) => AppWorld.Run(
        async world =>
        {
            world.Provider.Duration = TimeSpan.FromMinutes(10);
            var jobs = world.Get<JobService>();
            var accepted = await jobs.AcceptAsync("acme", JobRequests.List(10), CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(20), world.Time);
            var givenUpAt = world.Time.GetUtcNow();

            await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None);
            var job = await world.EndOfAsync(accepted.Id!);

            Assert.Equal(10, job.Progress.Cancelled);
            Assert.All(job.Items, item => Assert.InRange(item.Result!.EndedAt - givenUpAt, TimeSpan.Zero, TimeSpan.FromSeconds(2)));
            Assert.InRange(job.EndedAt!.Value - givenUpAt, TimeSpan.Zero, TimeSpan.FromSeconds(3));
            Assert.Empty(await world.Get<JobTables>().Jobs.ReadAsync(JobRows.GivenUp, "", JobRows.Last, 10, CancellationToken.None));
        },
        new HubOptions { Workers = workers });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void List_GivenUp_HasEndedForWhoeverLooksFromThenOn(int seed) => AppWorld.Run(
        async world =>
        {
            world.Provider.Waits = key => key.EndsWith('4') ? [TimeSpan.FromHours(1)] : [];
            var jobs = world.Get<JobService>();
            var accepted = await jobs.AcceptAsync("acme", JobRequests.List(150), CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(4), world.Time);

            await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None);
            var told = (await jobs.FindAsync("acme", accepted.Id!, new JobPage(0, 150, int.MaxValue), CancellationToken.None))!;
            await world.EndOfAsync(accepted.Id!);
            var after = (await jobs.FindAsync("acme", accepted.Id!, new JobPage(0, 150, int.MaxValue), CancellationToken.None))!;

            Assert.Equal((0, 0), (told.Progress.Waiting, told.Progress.Running));
            Assert.InRange(told.Progress.Succeeded, 1, 148);
            Assert.Equal((told.EndedAt, told.Progress), (after.EndedAt, after.Progress));
            Assert.NotNull(told.EndedAt);
            Assert.Equal(told.Items.Select(item => item.State), after.Items.Select(item => item.State));
            Assert.Equal(told.Progress.Succeeded, after.Items.Count(item => item.State == JobItemState.Succeeded));
            Assert.Equal(told.Progress.Cancelled, after.Items.Count(item => item.State == JobItemState.Cancelled));
        },
        new HubOptions { Seed = seed, Workers = 3, Redelivery = 0.1 });

    /// <summary>What a host runs at once.</summary>
    private static readonly int ActivitiesAtOnce = JsonNode.Parse(RepositoryFiles.Read("host.json"))!
        ["extensions"]!["durableTask"]!["maxConcurrentActivityFunctions"]!.GetValue<int>();

    [Fact]
    public void CallsOfLists_HaveHalfOfAHostsActivitiesAtMost() => Assert.InRange(LegRunner.MostOfLists, 1, ActivitiesAtOnce / 2);

    [Fact]
    public void Calls_LeaveActivitiesToWhatNeverTakesLong() =>
        Assert.InRange(LegRunner.MostOfLists + LegRunner.MostOfSingles, 1, ActivitiesAtOnce * 9 / 10);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(4, 2)]
    public void Lists_OfLongCalls_LeaveRoomForOtherJobs(int lists, int workers) => AppWorld.Run(
        async world =>
        {
            world.Provider.Duration = TimeSpan.FromMinutes(30);
            var jobs = world.Get<JobService>();
            for (var list = 0; list < lists; list++)
            {
                await jobs.AcceptAsync("acme", JobRequests.List(200), CancellationToken.None);
            }

            await Task.Delay(TimeSpan.FromMinutes(2), world.Time);
            Assert.InRange(world.Provider.Calls.Count, Math.Min(lists, workers) * LegRunner.MostOfLists, workers * LegRunner.MostOfLists);
            world.Provider.Duration = TimeSpan.FromSeconds(1);
            var begun = world.Time.GetUtcNow();
            var single = await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

            Assert.InRange((await world.EndOfAsync(single.Id!)).EndedAt!.Value - begun, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        },
        new HubOptions { Workers = workers, ActivitiesAtOnce = ActivitiesAtOnce });

    [Fact]
    public void List_IsReadPageByPage() => AppWorld.Run(async world =>
    {
        world.Provider.AnswerBytes = 100_000;
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", JobRequests.List(30), CancellationToken.None);
        await world.EndOfAsync(accepted.Id!);

        var page = (await jobs.FindAsync("acme", accepted.Id!, new JobPage(25, 3, int.MaxValue), CancellationToken.None))!;
        var small = (await jobs.FindAsync("acme", accepted.Id!, new JobPage(0, 100, 250_000), CancellationToken.None))!;

        Assert.Equal([25, 26, 27], page.Items.Select(item => item.Index));
        Assert.Equal(2, small.Items.Count);
    });
}
