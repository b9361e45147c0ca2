using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Functions.Tests.Storage;

public class TableUsageTests
{
    [Fact]
    public void Answers_AreThoseOfSumsInMemory_WhateverIsAsked_FromAnyProcess() => AppWorld.Run(
        async world =>
        {
            var chance = new Random(11);
            var sums = new UsageSums(new UsageBounds());
            for (var round = 0; round < 5; round++)
            {
                for (var call = 0; call < 100; call++)
                {
                    var record = AnyRecord(chance, world.Time.GetUtcNow());
                    sums.Add(record);
                    world.Get<TableUsage>(call % 2).Record(record);
                }

                await world.Get<TableUsage>(0).FlushAsync();
                await world.Get<TableUsage>(1).FlushAsync();
                await Task.Delay(TimeSpan.FromHours(13), world.Time);
            }

            for (var asked = 0; asked < 60; asked++)
            {
                var query = AnyQuery(chance, world.Time.GetUtcNow());
                var expected = UsageGrouping.Answer(query, sums.Of(query.Grain));
                var answer = await world.Get<TableUsage>(asked % 2).QueryAsync(query, CancellationToken.None);
                Assert.Equal(expected.Total, answer.Total);
                Assert.Equal(expected.Lines, answer.Lines);
            }
        },
        new HubOptions { Workers = 2 });

    [Fact]
    public void Rows_AreOneForEachSum_HoweverManyCalls() => AppWorld.Run(async world =>
    {
        var usage = world.Get<TableUsage>();
        for (var call = 0; call < 300; call++)
        {
            usage.Record(Record(world.Time.GetUtcNow(), "a/b", 0.25m));
            if (call % 100 == 0)
            {
                await usage.FlushAsync();
            }
        }

        await usage.FlushAsync();

        var rows = world.Usage.All.Where(row => row.Partition == "20260101-a=2Fb").ToArray();
        Assert.Equal(2, rows.Length);
        Assert.All(rows, row => Assert.Equal(("a/b", 1_500L, 75_000_000_000_000L), (row.Text("Tenant"), row.Number("InputTokens"), row.Number("CostPicoUsd"))));
    });

    [Fact]
    public void Sweep_ForgetsHoursBeforeDays_AndBothInTheEnd() => AppWorld.Run(async world =>
    {
        var usage = world.Get<TableUsage>();
        var now = world.Time.GetUtcNow();
        usage.Record(Record(now, "acme", 0.25m));
        await usage.FlushAsync();
        var (hour, day) = (Of(UsageGrain.Hour, now), Of(UsageGrain.Day, now));

        await SweepAsync(usage, now + TimeSpan.FromDays(35));
        Assert.Empty((await usage.QueryAsync(hour, CancellationToken.None)).Lines);
        Assert.Single((await usage.QueryAsync(day, CancellationToken.None)).Lines);

        await SweepAsync(usage, now + TimeSpan.FromDays(500));
        Assert.Empty(world.Usage.All);
    });

    private static UsageQuery Of(UsageGrain grain, DateTimeOffset now) => new(grain, grain.Floor(now), grain.Ceiling(now.AddMinutes(1)));

    private static async Task SweepAsync(TableUsage usage, DateTimeOffset now)
    {
        while (await usage.SweepAsync(now, 2, CancellationToken.None) > 0)
        {
        }
    }

    private static UsageQuery AnyQuery(Random chance, DateTimeOffset now)
    {
        var grain = (UsageGrain)chance.Next(2);
        var from = grain.Floor(now.AddHours(-chance.Next(80)));
        var query = new UsageQuery(grain, from, grain.Ceiling(from.AddHours(1 + chance.Next(60))))
        {
            By = [.. Enum.GetValues<UsageDimension>().OrderBy(_ => chance.Next()).Take(chance.Next(3))],
            BySpan = chance.Next(2) == 0,
        };
        return chance.Next(2) == 0 ? query : query with { Where = new Dictionary<UsageDimension, string> { [UsageDimension.Tenant] = $"t/{chance.Next(3)}" } };
    }

    private static UsageRecord AnyRecord(Random chance, DateTimeOffset now) =>
        Record(now.AddMinutes(-chance.Next(60)), $"t/{chance.Next(3)}", chance.Next(1_000) / 1_000_000m) with { IsBatch = chance.Next(2) == 0, Tier = $"{chance.Next(2)}" };

    private static UsageRecord Record(DateTimeOffset at, string tenant, decimal cost) => new(
        at, new Caller(tenant, "u", Priority.Standard, null, null, null), "gpt-x", Operation.ChatCompletions, "one/gpt-x",
        200, new TokenUsage(5, 0), cost, TimeSpan.Zero, TimeSpan.FromSeconds(1), 1);
}
