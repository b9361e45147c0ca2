using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

public class ProviderBatchTests
{
    [Fact]
    public void BackgroundList_GoesToTheBatchService_AndWhatItDoesNotAnswerIsPaced() => AppWorld.Run(async world =>
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(12), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal(12, Assert.Single(world.Batches.Made).Calls);
        Assert.Equal(12, job.Progress.Succeeded);
        Assert.Equal(6, world.Provider.Calls.Count);
        Assert.All(job.Items.Where(item => item.Index % 2 == 0), item => Assert.Contains("batch", Encoding.UTF8.GetString(item.Result!.Body.Span), StringComparison.Ordinal));
        Assert.Equal("ProviderBatch", world.Hub.Find(accepted.Id!)!.Name);
    });

    [Fact]
    public void WhatTheBatchServiceAnswered_IsInTheLedgerOnce_AtThePriceOfBatches() => AppWorld.Run(
        async world =>
        {
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(12), CancellationToken.None);
            await world.EndOfAsync(accepted.Id!);
            await world.Get<BatchWork>().FetchAsync(accepted.Id!, CancellationToken.None);
            await world.Get<TableUsage>().FlushAsync();

            var day = Assert.Single(world.Usage.All, row => row.IsTrue("IsBatch") && row.Key[0] == 'd');
            Assert.Equal((6, 6, 30, 12), (day.Number("Calls"), day.Number("Answered"), day.Number("InputTokens"), day.Number("OutputTokens")));
            Assert.Equal(6 * ((5 * 1_000_000L) + (2 * 4_000_000L)), day.Number("CostPicoUsd"));
            Assert.Equal(("acme", "one/gpt-x"), (day.Text("Tenant"), day.Text("Deployment")));
        },
        configuration: AppWorld.Configuration.Replace(
            "\"model\": \"gpt-x\",", "\"model\": \"gpt-x\", \"price\": { \"input\": 2, \"output\": 8 },", StringComparison.Ordinal));

    [Fact]
    public void BatchThatIsRefused_IsPacedAtOnce() => AppWorld.Run(async world =>
    {
        world.Batches.Refuses = true;
        var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(10), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal((10, 10), (job.Progress.Succeeded, world.Provider.Calls.Count));
        Assert.InRange(job.EndedAt!.Value - SimulatedTime.Start, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    });

    [Fact]
    public void JobGivenUp_GivesTheBatchUp() => AppWorld.Run(async world =>
    {
        var jobs = world.Get<JobService>();
        var accepted = await jobs.AcceptAsync("acme", Background(10), CancellationToken.None);
        await Task.Delay(TimeSpan.FromMinutes(30), world.Time);
        await jobs.CancelAsync("acme", accepted.Id!, CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal((10, 1), (job.Progress.Cancelled, world.Batches.Cancelled));
        Assert.Empty(world.Provider.Calls);
    });

    [Fact]
    public void BatchThatTakesTooLong_IsGivenUpBeforeTheDeadline_AndItsCallsArePaced() => AppWorld.Run(async world =>
    {
        world.Batches.Takes = TimeSpan.FromDays(3);
        var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(10), CancellationToken.None);

        var job = await world.EndOfAsync(accepted.Id!);

        Assert.Equal((10, 1, 10), (job.Progress.Succeeded, world.Batches.Cancelled, world.Provider.Calls.Count));
        Assert.InRange(job.EndedAt!.Value - SimulatedTime.Start, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    });

    [Theory]
    [InlineData(9, Priority.Background, 24)]
    [InlineData(12, Priority.Standard, 24)]
    [InlineData(12, Priority.Background, 20)]
    public void ListThatIsShortOrUrgentOrLate_IsPaced(int calls, Priority priority, int hours) => AppWorld.Run(async world =>
    {
        var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(calls, priority, hours), CancellationToken.None);

        await world.EndOfAsync(accepted.Id!);

        Assert.Empty(world.Batches.Made);
        Assert.Equal(calls, world.Provider.Calls.Count);
    });

    [Fact]
    public void Batch_SurvivesACrashAtEveryStep_AndIsMadeOnce()
    {
        var steps = Run(new HubOptions { Workers = 2 }).Hub.Steps;
        for (var step = 1; step <= steps; step++)
        {
            foreach (var afterCommit in (bool[])[false, true])
            {
                var world = Run(new HubOptions { Workers = 2, CrashAtStep = step, CrashAfterCommit = afterCommit });

                Assert.Single(world.Batches.Made);
                Assert.Equal(5, world.Provider.Calls.Distinct().Count());
            }
        }
    }

    private static AppWorld Run(HubOptions options) => AppWorld.Run(
        async world =>
        {
            world.Batches.Takes = TimeSpan.FromMinutes(5);
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(10), CancellationToken.None);
            Assert.Equal(10, (await world.EndOfAsync(accepted.Id!)).Progress.Succeeded);
        },
        options);

    private static JobRequest Background(int calls, Priority priority = Priority.Background, int hours = 24) => new(
        [.. Enumerable.Range(0, calls).Select(_ => JobRequests.Call(TimeSpan.FromHours(hours)) with { Priority = priority })])
    {
        IsList = true,
    };
}
