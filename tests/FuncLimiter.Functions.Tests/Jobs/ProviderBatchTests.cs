using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Spending;
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

    [Fact]
    public void Batch_HoldsWhatItsCallsCanComeTo_AndBudgetsWhatTheyDid() => AppWorld.Run(
        async world =>
        {
            Renew(world);
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(12), CancellationToken.None);
            await Task.Delay(TimeSpan.FromMinutes(30), world.Time);
            var held = await StateAsync(world);
            await world.EndOfAsync(accepted.Id!);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
            var state = await StateAsync(world);

            Assert.Equal((accepted.Id, 12), (Assert.Single(held.Deposits).Key, held.Deposits.Values.Single().Amount.Calls));
            Assert.Equal(default, held.Spent);

            // Six were answered by the batch, at half the price; those that it failed are made by a script that no budget sees.
            Assert.Empty(state.Deposits);
            Assert.Equal((6 * 13_000, 6 * 7, 6), (state.Spent.Cost, state.Spent.Tokens, state.Spent.Calls));
            Assert.True(held.Deposits.Values.Single().Amount.Cost > state.Spent.Cost);
        },
        configuration: Budgeted(20));

    [Fact]
    public void Batch_ThatItsBudgetDoesNotHold_IsPaced_AndNothingStaysHeld() => AppWorld.Run(
        async world =>
        {
            Renew(world);
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(12), CancellationToken.None);
            await world.EndOfAsync(accepted.Id!);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

            Assert.Empty(world.Batches.Made);
            Assert.Equal((0, default), ((await StateAsync(world)).Deposits.Count, (await StateAsync(world)).Spent));
        },
        configuration: Budgeted(11));

    [Fact]
    public void BatchThatIsRefused_GivesBackWhatWasHeld() => AppWorld.Run(
        async world =>
        {
            Renew(world);
            world.Batches.Refuses = true;
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(12), CancellationToken.None);
            await world.EndOfAsync(accepted.Id!);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Time);

            Assert.Equal((0, default), ((await StateAsync(world)).Deposits.Count, (await StateAsync(world)).Spent));
        },
        configuration: Budgeted(20));

    [Fact]
    public void Batch_SurvivesACrashAtEveryStep_AndIsBudgetedOnce()
    {
        var steps = Run(new HubOptions { Workers = 2 }, Budgeted(20)).Hub.Steps;
        for (var step = 1; step <= steps; step++)
        {
            var world = Run(new HubOptions { Workers = 2, CrashAtStep = step, CrashAfterCommit = step % 2 == 0 }, Budgeted(20));

            Assert.Single(world.Batches.Made);
        }
    }

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

    private static AppWorld Run(HubOptions options, string? budgeted = null) => AppWorld.Run(
        async world =>
        {
            world.Batches.Takes = TimeSpan.FromMinutes(5);
            var accepted = await world.Get<JobService>().AcceptAsync("acme", Background(10), CancellationToken.None);
            Assert.Equal(10, (await world.EndOfAsync(accepted.Id!)).Progress.Succeeded);
            if (budgeted is not null)
            {
                await Task.Delay(TimeSpan.FromMinutes(1), world.Time);
                var state = await StateAsync(world);
                Assert.Equal((0, 5 * 13_000), (state.Deposits.Count, state.Spent.Cost));
            }
        },
        options,
        budgeted ?? AppWorld.Configuration);

    private static string Budgeted(int calls) => AppWorld.Configuration
        .Replace("\"model\": \"gpt-x\",", "\"model\": \"gpt-x\", \"price\": { \"input\": 2, \"output\": 8 },", StringComparison.Ordinal)
        .Replace("\"tenants\":", $"\"budgets\": [{{ \"for\": \"tenant\", \"per\": \"month\", \"usd\": 5, \"tokens\": 1000000, \"calls\": {calls} }}], \"tenants\":", StringComparison.Ordinal);

    private static async Task<SpendOwnerState> StateAsync(AppWorld world)
    {
        var client = await world.Get<DurableClientSource>().GetAsync(CancellationToken.None);
        return (await client.Entities.GetEntityAsync<SpendOwnerState>(SpendEntity.Owner("month:tenant:acme")))!.State;
    }

    private static void Renew(AppWorld world)
    {
        var renewal = new SpendRenewal(world.Get<SpendDesk>(), world.Get<ISpendOwners>(), world.Time, (_, failure) => Assert.Fail(failure.ToString()));
        _ = renewal.RunAsync(CancellationToken.None);
    }

    private static JobRequest Background(int calls, Priority priority = Priority.Background, int hours = 24) => new(
        [.. Enumerable.Range(0, calls).Select(_ => JobRequests.Call(TimeSpan.FromHours(hours)) with { Priority = priority })])
    {
        IsList = true,
    };
}
