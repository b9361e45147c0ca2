using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;

namespace FuncLimiter.Gateway.Tests.Usage;

public class MemoryLedgerTests
{
    private readonly MemoryLedger _ledger = new(new UsageConfiguration { KeepHours = TimeSpan.FromDays(2), KeepDays = TimeSpan.FromDays(3) });

    [Fact]
    public async Task Pages_TogetherAreTheWholeAnswer_AndAddUpToItsTotal()
    {
        var chance = new Random(7);
        for (var call = 0; call < 2_000; call++)
        {
            _ledger.Record(UsageEntry.Of(
                $"t{chance.Next(3)}", $"w{chance.Next(5)}", $"r{chance.Next(20)}", at: UsageEntry.Now.AddMinutes(-chance.Next(600)), cost: chance.Next(1_000) / 1_000m));
        }

        var query = new UsageQuery(UsageGrain.Hour, UsageGrain.Hour.Floor(UsageEntry.Now.AddHours(-12)), UsageGrain.Hour.Ceiling(UsageEntry.Now))
        {
            By = [UsageDimension.Workflow, UsageDimension.Run],
            BySpan = true,
        };
        var whole = await _ledger.QueryAsync(query, CancellationToken.None);
        var pages = new List<UsageLine>();
        var page = await _ledger.QueryAsync(query with { Limit = 37 }, CancellationToken.None);
        while (page.HasMore)
        {
            pages.AddRange(page.Lines);
            page = await _ledger.QueryAsync(query with { Limit = 37, After = UsagePlace.Read(page.Lines[^1].Place.Write(), 2) }, CancellationToken.None);
        }

        pages.AddRange(page.Lines);
        Assert.Equal(whole.Lines, pages);
        Assert.Equal(whole.Total, whole.Lines.Aggregate(default(UsageTotals), (sum, line) => sum + line.Totals));
        Assert.Equal(2_000, whole.Total.Calls);
    }

    [Fact]
    public async Task Hours_AndDays_AreKeptForTheirTimeEach()
    {
        for (var day = 5; day >= 0; day--)
        {
            _ledger.Record(UsageEntry.Of(at: UsageEntry.Now.AddDays(-day)));
        }

        Assert.Equal(3, await CountAsync(UsageGrain.Hour));
        Assert.Equal(4, await CountAsync(UsageGrain.Day));
    }

    [Fact]
    public void Totals_CountACallOnce_HoweverOftenItWaitedOrFailedBefore()
    {
        UsageRecord[] life =
        [
            UsageEntry.Of(status: 429, cost: null) with { Outcome = UsageOutcome.Postponed },
            UsageEntry.Of(status: 503, cost: 0.1m) with { Outcome = UsageOutcome.Unfinished },
            UsageEntry.Of(),
        ];

        var totals = life.Aggregate(default(UsageTotals), (sum, record) => sum + UsageTotals.Of(record));

        Assert.Equal((1, 1, 0, 1, 2, 0.6m), (totals.Calls, totals.Answered, totals.Refused, totals.Postponed, totals.Attempts, totals.CostUsd));
        Assert.Equal(0, totals.RejectionRate);
    }

    private async Task<long> CountAsync(UsageGrain grain) => (await _ledger.QueryAsync(
        new UsageQuery(grain, grain.Floor(UsageEntry.Now.AddDays(-10)), grain.Ceiling(UsageEntry.Now)), CancellationToken.None)).Total.Calls;
}
