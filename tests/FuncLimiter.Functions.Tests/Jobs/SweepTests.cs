using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

public class SweepTests
{
    [Fact]
    public void JobThatWasStoredAndNotBegun_IsBegun() => AppWorld.Run(async world =>
    {
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", JobRequests.One(), CancellationToken.None);
        await world.EndOfAsync(accepted.Id!);
        var lost = Copy(world, accepted.Id!, "job_lost");

        var begun = await world.Get<DurableJobStore>().BeginForgottenAsync(world.Time.GetUtcNow() + TimeSpan.FromMinutes(1), 10, CancellationToken.None);
        var job = await world.EndOfAsync(lost);

        Assert.Equal(1, begun);
        Assert.Equal(1, job.Progress.Succeeded);
    });

    [Fact]
    public void JobThatNeverWasAccepted_IsForgotten() => AppWorld.Run(async world =>
    {
        world.Jobs.Write(new Row(JobRows.Open, "job_orphan") { Values = { ["Calls"] = 1L, ["AcceptedAt"] = world.Time.GetUtcNow() } });
        world.Payloads["job_orphan/calls"] = [1];

        await world.Get<DurableJobStore>().BeginForgottenAsync(world.Time.GetUtcNow() + TimeSpan.FromMinutes(1), 10, CancellationToken.None);

        Assert.Empty(world.Jobs.All);
        Assert.Empty(world.Payloads);
    });

    [Fact]
    public void JobThatHasBeenKeptLongEnough_IsForgottenWhole() => AppWorld.Run(async world =>
    {
        world.Provider.AnswerBytes = 200_000;
        var accepted = await world.Get<JobService>().AcceptAsync("acme", JobRequests.List(3), CancellationToken.None);
        await world.EndOfAsync(accepted.Id!);
        var store = world.Get<DurableJobStore>();

        Assert.Equal(0, await store.SweepAsync(world.Time.GetUtcNow() - TimeSpan.FromHours(1), 10, CancellationToken.None));
        Assert.Equal(1, await store.SweepAsync(world.Time.GetUtcNow() + TimeSpan.FromHours(1), 10, CancellationToken.None));

        Assert.Empty(world.Jobs.All);
        Assert.Empty(world.Payloads);
    });

    private static string Copy(AppWorld world, string from, string to)
    {
        var job = world.Jobs.Find(from, JobRows.Job)!;
        job.Values.Remove("EndedAt");
        world.Jobs.Write(job with { Partition = to });
        world.Jobs.Write(new Row(JobRows.Open, to) { Values = { ["Calls"] = 1L, ["AcceptedAt"] = world.Time.GetUtcNow() } });
        world.Payloads[$"{to}/calls"] = world.Payloads[$"{from}/calls"];
        return to;
    }
}
