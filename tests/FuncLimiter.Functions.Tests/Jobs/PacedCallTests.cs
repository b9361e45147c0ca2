using FuncLimiter.Functions.Activities;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

public class PacedCallTests
{
    [Fact]
    public void Job_OfOneCall_IsAnsweredAndKept() => AppWorld.Run(async world =>
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        var item = Assert.Single(job.Items);
        Assert.Equal(JobItemState.Succeeded, item.State);
        Assert.Equal(200, item.Result!.Status);
        Assert.Equal([$"{accepted.Id}-0"], world.Provider.Calls);
    });

    [Fact]
    public void Call_ToldToWaitForHours_SleepsToTheInstantAtNoCost() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = _ => [TimeSpan.FromHours(7)];
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
        var begun = world.Time.GetUtcNow();

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.InRange(job.EndedAt!.Value - begun, TimeSpan.FromHours(7), TimeSpan.FromHours(7) + TimeSpan.FromSeconds(5));
        Assert.InRange(world.Hub.Steps, 1, 12);
    });

    [Fact]
    public void Call_ToldToWaitForRoomForHours_AsksForItBefore_AFewTimes() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = _ => [TimeSpan.FromHours(7)];
        world.Provider.WaitsAreForRoom = true;
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
        var begun = world.Time.GetUtcNow();

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.InRange(job.EndedAt!.Value - begun, TimeSpan.FromHours(7), TimeSpan.FromHours(7) + TimeSpan.FromSeconds(5));
        Assert.InRange(world.Jobs.Find(accepted.Id!, JobRows.ItemKey(0))!.Number("Leg"), 4, 12);
    });

    [Fact]
    public void Call_ToldToWaitVeryOften_BeginsItsHistoryAnew() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = _ => [.. Enumerable.Repeat(TimeSpan.FromSeconds(20), 100)];
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(1, job.Progress.Succeeded);
        var orchestration = world.Hub.Find(accepted.Id!)!;
        Assert.Equal(2, orchestration.Generation);
        Assert.InRange(orchestration.LongestHistory, 1, 400);
    });

    [Fact]
    public void Job_WhoseCallFails_EndsAsFailedWithTheAnswer() => AppWorld.Run(async world =>
    {
        world.Provider.Status = _ => 400;
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal((JobItemState.Failed, 400), (job.Items[0].State, job.Items[0].Result!.Status));
    });

    [Fact]
    public void Call_WhoseDeadlinePassesAsleep_Expires() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = _ => [TimeSpan.FromHours(2)];
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(TimeSpan.FromHours(1)), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(JobItemState.Expired, job.Items[0].State);
        Assert.Empty(world.Provider.Calls);
    });

    [Fact]
    public void Job_GivenUpAsleep_EndsAtOnce() => AppWorld.Run(async world =>
    {
        world.Provider.Waits = _ => [TimeSpan.FromHours(20)];
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
        var begun = world.Time.GetUtcNow();

        Assert.True(await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None));
        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(JobItemState.Cancelled, job.Items[0].State);
        Assert.InRange(job.EndedAt!.Value - begun, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    });

    [Fact]
    public void Job_GivenUpUnderWay_IsCutOff() => AppWorld.Run(async world =>
    {
        world.Provider.Duration = TimeSpan.FromHours(1);
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
        await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

        Assert.True(await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None));
        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(JobItemState.Cancelled, job.Items[0].State);
        Assert.InRange(job.EndedAt!.Value - SimulatedTime.Start, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    });

    [Fact]
    public void Answer_TooLargeForARow_IsKeptBesideIt() => AppWorld.Run(async world =>
    {
        world.Provider.AnswerBytes = 300_000;
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.InRange(job.Items[0].Result!.Body.Length, 300_000, 300_100);
        Assert.DoesNotContain(world.Hub.Find(accepted.Id!)!.History, entry => Wire.Write(entry)?.Length > 4_000);
    });

    [Fact]
    public void JobAskedTwice_UnderOneKey_IsOne() => AppWorld.Run(async world =>
    {
        var request = JobRequests.One() with { IdempotencyKey = "k" };
        var first = await world.Get<JobService>().AcceptAsync("acme", request, CancellationToken.None);
        var second = await world.Get<JobService>().AcceptAsync("acme", request, CancellationToken.None);
        var other = await world.Get<JobService>().AcceptAsync("acme", JobRequests.List(2) with { IdempotencyKey = "k" }, CancellationToken.None);

        Assert.Equal((first.Id, true), (second.Id, second.IsReplay));
        Assert.Equal("idempotency_key_reused", other.Error!.Code);
        await world.EndOfAsync(first.Id!);
        Assert.Single(world.Provider.Calls);
    });

    [Fact]
    public void Job_IsNobodyElses() => AppWorld.Run(async world =>
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.One(), CancellationToken.None);

        Assert.Null(await world.Get<JobService>().FindAsync("other", accepted.Id!, JobPage.First, CancellationToken.None));
        Assert.False(await world.Get<JobService>().CancelAsync("other", accepted.Id!, CancellationToken.None));
        Assert.Null(await world.Get<JobService>().FindAsync("acme", "../" + accepted.Id, JobPage.First, CancellationToken.None));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Jobs_OfLongCalls_LeaveRoomForLists(int workers) => AppWorld.Run(
        async world =>
        {
            world.Provider.Duration = TimeSpan.FromMinutes(30);
            var jobs = world.Get<JobService>();
            for (var job = 0; job < 300; job++)
            {
                await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
            }

            await Task.Delay(TimeSpan.FromMinutes(2), world.Time);
            Assert.Equal(workers * LegRunner.MostOfSingles, world.Provider.Calls.Count);
            world.Provider.Duration = TimeSpan.FromSeconds(1);
            var begun = world.Time.GetUtcNow();
            var list = await jobs.AcceptAsync("acme", JobRequests.List(40), CancellationToken.None);

            Assert.InRange((await world.EndOfAsync(list.Id!)).EndedAt!.Value - begun, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        },
        new HubOptions { Workers = workers, ActivitiesAtOnce = 128 });

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void Jobs_BeyondTheirPlaces_FollowAsPlacesAreFree(double seconds) => AppWorld.Run(
        async world =>
        {
            const int many = 480;
            world.Provider.Duration = TimeSpan.FromSeconds(seconds);
            var jobs = world.Get<JobService>();
            var begun = world.Time.GetUtcNow();
            var ids = new List<string>();
            for (var job = 0; job < many; job++)
            {
                ids.Add((await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None)).Id!);
            }

            var took = TimeSpan.Zero;
            foreach (var id in ids)
            {
                var ended = (await world.EndOfAsync(id)).EndedAt!.Value - begun;
                took = ended > took ? ended : took;
            }

            var least = TimeSpan.FromSeconds(seconds) * many / LegRunner.MostOfSingles;
            Assert.Equal(many, world.Provider.Calls.Count);
            Assert.InRange(took, least, 2 * least + TimeSpan.FromSeconds(10));
        },
        new HubOptions { ActivitiesAtOnce = 128 });
}
