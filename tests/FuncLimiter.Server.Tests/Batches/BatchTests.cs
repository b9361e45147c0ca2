using System.Globalization;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Batches;

/// <summary>Background work with a day's time goes through the provider's batch service, and leaves what others may use alone.</summary>
[TakesLong]
public sealed class BatchTests
{
    private static readonly object Quick = new { collectSeconds = 1, pollSeconds = 1, minCalls = 5 };

    private static readonly object[] Budgets =
    [
        new { @for = "tenant", per = "month", usd = 50, calls = 100 }, new { @for = "account", per = "week", usd = 50, calls = 100 },
    ];

    [Fact]
    public async Task Batch_OfFiveThousandCalls_LeavesInteractiveCapacityUntouched_AndArrivesComplete()
    {
        const int calls = 5_000;
        var setup = new Setup
        {
            OpenAI = 600,
            BurstSeconds = 6,
            Batch = new { collectSeconds = 60, pollSeconds = 1, maxCalls = calls },
            Batches = new BatchOptions { Takes = TimeSpan.FromSeconds(3), FailedCalls = new HashSet<int> { 1_234 } },
        };
        await using var run = await BatchRun.StartAsync(setup);

        var jobs = await run.HandInAsync(DialectCall.OpenAI, calls);
        var interactive = 0;
        while (!await run.AllEndedAsync(jobs))
        {
            var reply = await run.Client.PostAsync("/v1/chat/completions", DialectCall.OpenAI.Body(), ("x-api-key", Setup.GlobexKey), ("X-Priority", "interactive"));
            Assert.Equal(200, reply.Status);
            interactive++;
            await Task.Delay(200);
        }

        var results = await run.ResultsAsync(jobs);
        Assert.Equal(calls, results.Count);
        Assert.All(results, result => Assert.Equal("succeeded", result["state"]!.GetValue<string>()));
        Assert.All(results, result => Assert.Equal("gpt-x", result["result"]!["body"]!["model"]!.GetValue<string>()));

        // Of all background calls the limits of the others have seen one: that which the batch service failed.
        var live = run.Provider.Report().Deployments.Single(deployment => deployment.Name == "gpt-x");
        Assert.Equal((interactive + 1, 0), (live.Calls, live.Rejected));
        Assert.Equal(calls - 1, run.Provider.ReportBatches().Sum(batch => batch.Answered));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Batch_CostsHalf_AndIsTheBatchChannelOfUsage(string dialect)
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick });
        var call = DialectCall.Of(dialect);

        var jobs = await run.HandInAsync(call, 10, path: dialect == "azure" ? "/v1/chat/completions" : call.Path);
        await run.UntilAllEndedAsync(jobs);

        var result = (await run.ResultsAsync(jobs))[0]["result"]!;
        var usage = result["usage"]!;
        var full = ((usage["inputTokens"]!.GetValue<int>() * 2m) + (usage["outputTokens"]!.GetValue<int>() * 10m)) / 1_000_000;
        Assert.Equal(full / 2, decimal.Parse(result["headers"]!["X-FuncLimiter-Cost-Usd"]!.GetValue<string>(), CultureInfo.InvariantCulture));
        var line = await run.UsageAsync("/usage?by=channel", rows => rows.Count == 1 && rows[0]!["calls"]!.GetValue<int>() == 10);
        Assert.Equal(("batch", 10, full * 5), (line["channel"]!.GetValue<string>(), line["calls"]!.GetValue<int>(), line["costUsd"]!.GetValue<decimal>()));
        Assert.All(run.Provider.Report().Deployments, deployment => Assert.Equal(0, deployment.Calls));
    }

    [Fact]
    public async Task Batch_ThatExpires_LeavesTheRestToBeMadeAsOthersAre_AndBudgetsWhatAllOfThemCost()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Batches = new BatchOptions { ExpiresAfterCalls = 12 }, Budgets = Budgets });

        var jobs = await run.HandInAsync(DialectCall.Anthropic, 20);
        await run.UntilAllEndedAsync(jobs);

        var results = await run.ResultsAsync(jobs);
        Assert.All(results, result => Assert.Equal("succeeded", result["state"]!.GetValue<string>()));
        Assert.Equal(8, run.Provider.Report().Deployments.Single(deployment => deployment.Name == "claude-x").Calls);
        await run.UntilSettledAsync("month:tenant:acme");
        Assert.Equal((results.Sum(CostOf), 0, 20), await run.BudgetAsync("month:tenant:acme"));
    }

    [Fact]
    public async Task Batch_HoldsWhatItCanComeTo_AcrossAKill_AndGivesBackWhatItDoesNot()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Batches = new BatchOptions { Takes = TimeSpan.FromSeconds(4) }, Budgets = Budgets });
        var jobs = await run.HandInAsync(DialectCall.OpenAI, 10);
        await Wait.UntilAsync(() => run.Provider.ReportBatches().Count == 1);
        var held = await run.BudgetAsync("month:tenant:acme");

        await run.KillAsync();
        await run.RestartAsync(Quick);
        await run.UntilAllEndedAsync(jobs);
        await run.UntilSettledAsync("month:tenant:acme");

        var results = await run.ResultsAsync(jobs);
        var costs = results.Sum(CostOf);
        Assert.Equal((0, 0), (held.Spent, held.Calls));
        Assert.True(held.Held > costs && costs > 0, $"{held} {costs}");
        Assert.All(["month:tenant:acme", "week:account:openai-1"], budget => Assert.Equal((costs, 0, 10), run.BudgetAsync(budget).GetAwaiter().GetResult()));
    }

    [Fact]
    public async Task Batch_TakesTheCallsThatTheirBudgetHolds_AndNoOthers()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Budgets = [new { @for = "tenant", per = "month", calls = 6 }] });

        var jobs = await run.HandInAsync(DialectCall.OpenAI, 10);
        await run.UntilSettledAsync("month:tenant:acme");
        await Wait.UntilAsync(async () => (await run.ResultsAsync(jobs)).Count(result => result["result"] is not null) == 6);

        Assert.Equal(6, Assert.Single(run.Provider.ReportBatches()).Calls);
        Assert.Equal(0, run.Provider.Report().Deployments.Sum(deployment => deployment.Calls));
    }

    [Fact]
    public async Task Batch_ThatTheProviderTurnsAwayOrAnswersBadly_IsHandedInAgain_AndMadeOnce()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Batches = new BatchOptions { TurnsAway = 1, LosesAnswers = 1 } });

        var jobs = await run.HandInAsync(DialectCall.OpenAI, 10);
        await run.UntilAllEndedAsync(jobs);

        Assert.Single(run.Provider.ReportBatches());
        Assert.Equal(0, run.Provider.Report().Deployments.Sum(deployment => deployment.Calls));
    }

    [Fact]
    public async Task Calls_WithoutADaysTime_OrOfAHigherClass_OrTooFew_GoAsOthersDo()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick });

        string[] jobs =
        [
            .. await run.HandInAsync(DialectCall.OpenAI, 10, deadlineSeconds: 3_600),
            .. await run.HandInAsync(DialectCall.OpenAI, 10, priority: "standard"),
            .. await run.HandInAsync(DialectCall.OpenAI, 4),
        ];
        await run.UntilAllEndedAsync(jobs);

        Assert.Empty(run.Provider.ReportBatches());
        Assert.Equal(24, run.Provider.Report().Deployments.Sum(deployment => deployment.Calls));
    }

    [Fact]
    public async Task Job_GivenUp_GivesItsBatchUp()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Batches = new BatchOptions { Takes = TimeSpan.FromMinutes(10) } });
        var jobs = await run.HandInAsync(DialectCall.OpenAI, 10);
        await Wait.UntilAsync(() => run.Provider.ReportBatches().Count == 1);

        foreach (var job in jobs)
        {
            await run.Client.SendAsync(HttpMethod.Delete, job, null, ("x-api-key", Setup.AcmeKey));
        }

        await Wait.UntilAsync(() => run.Provider.ReportBatches() is [{ Status: "cancelled" }]);
        Assert.All(await run.ResultsAsync(jobs), result => Assert.Equal("cancelled", result["state"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Kill_BetweenHandingInAndStoring_MakesNoSecondBatch()
    {
        // The provider makes the batch and its answer never arrives, which is what a kill at that moment leaves behind.
        await using var run = await BatchRun.StartAsync(new Setup
        {
            Batch = new { collectSeconds = 1, pollSeconds = 30, minCalls = 5 },
            Batches = new BatchOptions { LosesAnswers = 1, Takes = TimeSpan.FromSeconds(2) },
        });
        var jobs = await run.HandInAsync(DialectCall.OpenAI, 10);
        await Wait.UntilAsync(() => run.Provider.ReportBatches().Count == 1);

        await run.KillAsync();
        await run.RestartAsync(new { collectSeconds = 1, pollSeconds = 1, minCalls = 5 });
        await run.UntilAllEndedAsync(jobs);

        Assert.Single(run.Provider.ReportBatches());
        Assert.All(await run.ResultsAsync(jobs), result => Assert.Equal("succeeded", result["state"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Kill_WhileABatchIsUnderWay_LosesNothing()
    {
        await using var run = await BatchRun.StartAsync(new Setup { Batch = Quick, Batches = new BatchOptions { Takes = TimeSpan.FromSeconds(3) } });
        var jobs = await run.HandInAsync(DialectCall.Anthropic, 50);
        await Wait.UntilAsync(() => run.Provider.ReportBatches().Count == 1);
        await Task.Delay(300);

        await run.KillAsync();
        await run.RestartAsync(Quick);
        await run.UntilAllEndedAsync(jobs);

        Assert.Single(run.Provider.ReportBatches());
        Assert.All(await run.ResultsAsync(jobs), result => Assert.Equal("succeeded", result["state"]!.GetValue<string>()));
        Assert.Equal(0, run.Provider.Report().Deployments.Sum(deployment => deployment.Calls));
    }

    private static decimal CostOf(System.Text.Json.Nodes.JsonNode result) =>
        decimal.Parse(result["result"]!["headers"]!["X-FuncLimiter-Cost-Usd"]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
